import {
  attempt,
  bootLinux,
  chain,
  choose,
  echo,
  exit,
  giveUp,
  goto,
  gotoChosen,
  imgfree,
  initrd,
  ipxeScript,
  item,
  kernel,
  label,
  menu,
  or,
  sanboot,
  set,
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

/**
 * The script that does what was rendered; `itemUrl` is where the script of one entry of a menu is. Throws IpxeValueError for a value that
 * iPXE has no way to write.
 */
export function bootScript(boot: Bootable, facts: Facts, retries: Retries, itemUrl: (item: number) => string): string {
  switch (boot.kind) {
    case 'script':
      return boot.text
    case 'exit':
      // The firmware shall go on to its next boot device: for UEFI that takes an exit that is not a success.
      return ipxeScript(...banner(facts), echo(boot.message), exit(1))
    case 'chain':
      return ipxeScript(
        ...banner(facts),
        or(chain(trusted(boot.url), { autofree: true }), echo('The script chained to failed.')),
        ...giveUp('Nothing to boot.'),
      )
    case 'pxelinux':
      return ipxeScript(
        ...banner(facts),
        // RFC 5071 §4: it would look for its files beside this script, and they are on the TFTP server.
        set('netX/210:string', boot.directory),
        or(chain(trusted(boot.url), { autofree: true }), echo('PXELINUX could not be loaded.')),
        ...giveUp('Nothing to boot.'),
      )
    case 'iso':
      return ipxeScript(
        ...banner(facts),
        or(sanboot(trusted(boot.url)), echo('The disc image could not be booted.')),
        ...giveUp('Nothing to boot.'),
      )
    case 'menu':
      return ipxeScript(...banner(facts), ...choice(boot, itemUrl))
    case 'linux':
      return ipxeScript(
        ...banner(facts),
        ...(boot.message === undefined ? [] : [echo(boot.message)]),
        attempt(imgfree()),
        ...linux(boot, retries),
      )
  }
}

/**
 * A menu, and the script of the entry that is chosen. The first entry is taken when the time is over, and by an iPXE that knows no
 * menus. Escape leaves the menu, and the firmware goes on to its next boot device.
 */
function choice(
  { prompt, timeoutSeconds, entries }: Bootable & { readonly kind: 'menu' },
  itemUrl: (item: number) => string,
): readonly Line[] {
  const nameOf = (item: number): string => `item-${item}`
  const preset = nameOf(entries[0]?.item ?? 1)
  const timeout = timeoutSeconds === 'forever' ? undefined : (timeoutSeconds as Seconds)
  return [
    or(menu(prompt), goto(preset)),
    ...entries.map((entry) => item(nameOf(entry.item), entry.title)),
    or(choose('chosen', preset, timeout), goto('left')),
    gotoChosen('chosen'),
    ...entries.flatMap((entry) => [
      label(nameOf(entry.item)),
      or(chain(itemUrl(entry.item), { autofree: true, replace: true }), goto('failed')),
    ]),
    label('failed'),
    ...giveUp('The script of this entry failed.'),
    label('left'),
    exit(1),
  ]
}

function banner(facts: Facts): readonly Line[] {
  const name = facts.machine.name === '' ? facts.client.mac : `${facts.machine.name} (${facts.client.mac})`
  return [echo(`Reboots: ${name}`)]
}

/**
 * Kernel, initrds, arguments. Under UEFI the kernel's own loader fetches each initrd by the name in an `initrd=` argument (BIOS takes no
 * notice of it). The policy may write it, with the last element of the URL, which is what iPXE calls an image; if it does
 * not, the images are named here.
 */
function linux(boot: Bootable & { readonly kind: 'linux' }, retries: Retries): readonly Line[] {
  const named = boot.args.some((argument) => argument.startsWith('initrd='))
  const images = boot.initrd.map((url, index) => ({ url, name: named ? undefined : `initrd${index}` }))
  const names = images.flatMap(({ name }) => (name === undefined ? [] : [`initrd=${name}`]))
  return bootLinux({
    // URLs and arguments come from the policy, the hardware record and the site's settings, whose authors may use ${…}.
    kernel: kernel(trusted(boot.kernel), [...names, ...boot.args].map(trusted)),
    initrds: images.map(({ url, name }) => initrd(trusted(url), name)),
    retries: retries.times,
    delay: retries.delaySeconds as Seconds,
  })
}
