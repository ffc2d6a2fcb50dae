import type { RenderedBoot } from '@reboots/rules'

/**
 * The answer of pixiecore's boot API, `GET <server>/v1/boot/<mac>`: either `ipxe-script` alone, or a kernel and what goes with it. The command line
 * is a template of Go, in which `{{ URL "…" }}` stands for a URL that the asking side fetches on behalf of the machine.
 */
export interface BootSpec {
  readonly kernel?: string
  readonly initrd?: readonly string[]
  readonly cmdline?: string
  readonly message?: string
  readonly 'ipxe-script'?: string
}

/** A kernel as the API says it. Whoever asks names the images for iPXE, so that an `initrd=` of ours would name none of them. */
export function linuxSpec(
  { kernel, initrd, args }: RenderedBoot & { readonly kind: 'linux' },
  message: string,
): BootSpec {
  const cmdline = args.filter((argument) => !isImageName(argument)).join(' ')
  return { kernel, initrd, cmdline: cmdline.replaceAll('{{', '{{"{{"}}'), message }
}

export function isImageName(argument: string): boolean {
  return argument.startsWith('initrd=')
}
