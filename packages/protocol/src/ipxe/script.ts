import type { Brand, Seconds } from '../net/index.ts'
import { firstWord, identifier, shown, url, word, type Value } from './value.ts'

/** One line of an iPXE script, or a command that may become part of one. */
export type Line = Brand<string, 'ipxe-line'>

/** A whole script: iPXE knows one by its first line. */
export function ipxeScript(...lines: readonly (Line | readonly Line[])[]): string {
  return ['#!ipxe', ...lines.flat(), ''].join('\n')
}

/** Shows text on the console. */
export function echo(text: Value): Line {
  return line('echo', shown(text))
}

/** Sets `name`, which may carry a type (`tries:int32`), to a value. */
export function set(name: string, value: Value): Line {
  return line('set', identifier(name), word(value))
}

/** Adds 1 to a setting. */
export function inc(name: string): Line {
  return line('inc', identifier(name))
}

/** Fetches a kernel and gives it its command line. */
export function kernel(from: Value, args: readonly Value[] = []): Line {
  return line('kernel', url(from), ...args.map(word))
}

/** Fetches an initial ramdisk; `name` is what the kernel finds it under (`initrd=` for an EFI stub). */
export function initrd(from: Value, name?: string): Line {
  return name === undefined ? line('initrd', url(from)) : line('initrd', '--name', identifier(name), url(from))
}

/** Fetches an image under a name of its own, and does nothing with it. */
export function imgfetch(from: Value, name: string): Line {
  return line('imgfetch', '--name', identifier(name), url(from))
}

/** Forgets one image, or all of them: memory for the next attempt, and nothing left that could be booted by mistake. */
export function imgfree(image?: string): Line {
  return image === undefined ? line('imgfree') : line('imgfree', identifier(image))
}

/** Starts an image, or the kernel selected. Returns only if that fails. */
export function boot(image?: string): Line {
  return image === undefined ? line('boot') : line('boot', identifier(image))
}

/** Fetches another script or program and runs it. */
export function chain(to: Value, options: { readonly autofree?: boolean; readonly replace?: boolean } = {}): Line {
  return line('chain', ...(options.autofree ? ['--autofree'] : []), ...(options.replace ? ['--replace'] : []), url(to))
}

/** Attaches a disk or disc image for the time until the operating system has drivers of its own, and boots from it. */
export function sanboot(from: Value): Line {
  return line('sanboot', url(from))
}

/** Configures the first interface that a DHCP server answers on. */
export function dhcp(): Line {
  return line('dhcp')
}

/** What iPXE does without a script: DHCP on one interface after the other, and boots what it is told. Returns only if that fails. */
export function autoboot(): Line {
  return line('autoboot')
}

/**
 * Ends the script. With 0 firmware takes the boot for a success, and UEFI then shows its menu; with any other status
 * it goes on to its next boot device.
 */
export function exit(status = 0): Line {
  return line('exit', String(status))
}

/** Begins a menu with its title; fails in an iPXE that was built without menus. */
export function menu(title: Value): Line {
  return line('menu', shown(title))
}

/** Adds an item to the menu that was begun; `name` is what `choose` makes of it. */
export function item(name: string, title: Value): Line {
  return line('item', identifier(name), shown(title))
}

/**
 * Shows the menu and puts the name of the chosen item into a setting; fails when it is left by Escape. After `timeout` without a key it is
 * the default; without a time-out it waits for ever.
 */
export function choose(setting: string, preset: string, timeout?: Seconds): Line {
  const limit = timeout === undefined ? [] : ['--timeout', String(timeout * 1000)]
  return line('choose', '--default', identifier(preset), ...limit, identifier(setting))
}

/** Goes to the label whose name is in a setting. */
export function gotoChosen(setting: string): Line {
  return line('goto', `\${${identifier(setting)}}`)
}

export function label(name: string): Line {
  return line(`:${identifier(name)}`)
}

export function goto(name: string): Line {
  return line('goto', identifier(name))
}

/** Succeeds if both are the same text. */
export function iseq(a: Value, b: Value): Line {
  return line('iseq', firstWord(a), word(b))
}

/** Succeeds if the value, after expansion, is not empty. */
export function isset(value: Value): Line {
  return line('isset', firstWord(value))
}

export function sleep(time: Seconds): Line {
  return line('sleep', String(time))
}

/** Each command only if the one before it succeeded. */
export function and(...commands: readonly Line[]): Line {
  return commands.join(' && ') as Line
}

/** Each command only if the one before it failed. */
export function or(...commands: readonly Line[]): Line {
  return commands.join(' || ') as Line
}

/** A command whose failure does not end the script. */
export function attempt(command: Line): Line {
  return `${command} ||` as Line
}

function line(...words: readonly string[]): Line {
  return words.join(' ') as Line
}
