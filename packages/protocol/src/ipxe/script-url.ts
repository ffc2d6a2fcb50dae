/**
 * The URL of the boot script of whoever runs the iPXE that reads it, with what it has to fill in by itself: the MAC of the interface that
 * it opened last, its architecture in its own words, and with `uuid` the UUID of the machine. iPXE expands settings in the file names that
 * DHCP gives it as well as in scripts. `origin` is that of ipxe-http, without a slash at its end.
 */
export function ownScriptUrl(origin: string, { uuid }: { readonly uuid: boolean }): string {
  const url = `${origin}/ipxe/script/\${netX/mac}/auto.ipxe?arch=\${platform}-\${buildarch}`
  return uuid ? `${url}&uuid=\${uuid}` : url
}
