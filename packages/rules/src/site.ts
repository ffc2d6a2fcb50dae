/** What templates of profiles may say of the site: configuration of the service that writes boot scripts. Absent is ''. */
export interface SiteFacts {
  /** Where kernel and initrd of the installation environment are when the record does not say: URL of a directory. */
  readonly osieUrl: string
  /** Names below it without the architecture: `vmlinuz` stands for `vmlinuz-x86_64`. */
  readonly kernelName: string
  readonly initrdName: string
  /** host:port of the Tink server, reported to the worker as `grpc_authority`. */
  readonly tinkServer: string
  readonly tinkTls: boolean
  readonly tinkInsecureTls: boolean
  readonly syslogHost: string
  /** Origin of our own HTTP service as machines see it, `http://10.0.0.1:7080`. */
  readonly http: string
  readonly extraKernelArgs: readonly string[]
  /** Where the worker's images come from. The password ends up on the kernel command line and never in a log. */
  readonly registry: { readonly host: string; readonly username: string; readonly password: string }
}
