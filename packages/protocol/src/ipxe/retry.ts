import type { Seconds } from '../net/index.ts'
import { and, attempt, boot, echo, exit, goto, imgfree, inc, iseq, label, set, sleep, type Line } from './script.ts'
import { trusted } from './value.ts'

export interface Retrying {
  /** What is tried, for labels and for the people at the console: `kernel`. */
  readonly name: string
  readonly command: Line
  /** Attempts after the first. */
  readonly retries: number
  readonly delay: Seconds
  /** Said when the last attempt has failed. */
  readonly failure: string
}

/**
 * A command that is tried `retries` + 1 times with a pause between, and gives the machine back to its firmware if all fail.
 * iPXE has no loops, so it is labels, a counter and conditional jumps; `name` has to be unique in the script.
 */
export function retrying({ name, command, retries, delay, failure }: Retrying): readonly Line[] {
  return [
    set('tries:int32', '0'),
    label(name),
    attempt(and(command, goto(`${name}-done`))),
    attempt(and(iseq(trusted('${tries}'), String(retries)), goto(`${name}-failed`))),
    inc('tries'),
    echo(trusted(`${name} failed, attempt \${tries} of ${retries} more in ${delay} s`)),
    sleep(delay),
    goto(name),
    label(`${name}-failed`),
    ...giveUp(failure),
    label(`${name}-done`),
  ]
}

/** Says why, forgets what was fetched, and lets the firmware go on to its next boot device. */
export function giveUp(why: string): readonly Line[] {
  return [echo(why), attempt(imgfree()), exit(1)]
}

/** Kernel, ramdisks and start, each of them tried again. */
export interface LinuxBoot {
  readonly kernel: Line
  readonly initrds: readonly Line[]
  readonly retries: number
  readonly delay: Seconds
}

export function bootLinux({ kernel, initrds, retries, delay }: LinuxBoot): readonly Line[] {
  const each = { retries, delay }
  return [
    ...retrying({ ...each, name: 'kernel', command: kernel, failure: 'The kernel could not be fetched.' }),
    ...initrds.flatMap((command, index) =>
      retrying({ ...each, name: `initrd-${index}`, command, failure: 'The initial ramdisk could not be fetched.' }),
    ),
    ...retrying({ ...each, name: 'start', command: boot(), failure: 'The kernel could not be started.' }),
  ]
}
