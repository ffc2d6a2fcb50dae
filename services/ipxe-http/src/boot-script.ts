import {
  attempt,
  bootLinux,
  chain,
  echo,
  exit,
  giveUp,
  imgfree,
  initrd,
  ipxeScript,
  kernel,
  or,
  trusted,
  type Line,
} from '@reboots/protocol/ipxe'
import type { Seconds } from '@reboots/protocol/net'
import type { Facts, RenderedBoot } from '@reboots/rules'

export interface Retries {
  /** Attempts after the first. */
  readonly times: number
  readonly delaySeconds: number
}

/** What can be written as a script: everything but a profile that did not work out. */
export type Bootable = Exclude<RenderedBoot, { readonly kind: 'failed' }>

/** The script that does what was rendered. Throws IpxeValueError for a value that iPXE has no way to write. */
export function bootScript(boot: Bootable, facts: Facts, retries: Retries): string {
  switch (boot.kind) {
    case 'script':
      return boot.text
    case 'exit':
      // The firmware shall go on to its next boot device: for UEFI that takes an exit that is not a success.
      return ipxeScript(...banner(facts), echo(boot.message), exit(1))
    case 'chain':
      return ipxeScript(
        ...banner(facts),
        or(chain(boot.url, { autofree: true }), echo(`Chaining to ${boot.url} failed.`)),
        ...giveUp('Nothing to boot.'),
      )
    case 'linux':
      return ipxeScript(...banner(facts), attempt(imgfree()), ...linux(boot, retries))
  }
}

function banner(facts: Facts): readonly Line[] {
  const name = facts.machine.name === '' ? facts.client.mac : `${facts.machine.name} (${facts.client.mac})`
  return [echo(`Reboots: ${name}`)]
}

/**
 * Kernel, initrds, arguments. Each initrd is named in an `initrd=` argument as well: under UEFI the kernel's own loader fetches it by
 * that name, and under BIOS the argument means nothing.
 */
function linux(boot: Bootable & { readonly kind: 'linux' }, retries: Retries): readonly Line[] {
  const named = boot.initrd.map((url, index) => ({ url, name: `initrd${index}` }))
  const own = boot.args.filter((argument) => !argument.startsWith('initrd='))
  const args = [...named.map(({ name }) => `initrd=${name}`), ...own]
  return bootLinux({
    // Arguments come from the policy, the hardware record and the site's settings, whose authors may use ${…} and blanks.
    kernel: kernel(boot.kernel, args.map(trusted)),
    initrds: named.map(({ url, name }) => initrd(url, name)),
    retries: retries.times,
    delay: retries.delaySeconds as Seconds,
  })
}
