import { once } from 'node:events'
import { copyFile, mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Lan, Running } from '@reboots/testkit'
import { PlainRom, plainRomArgs, type Disguise } from './plain-rom.ts'

/**
 * SeaBIOS with iPXE as the card's ROM; the same as if that were not iPXE, or had no HTTP; OVMF that boots by PXE; OVMF that boots by HTTP; AAVMF,
 * which is OVMF for arm64, by PXE.
 */
export type Firmware = 'bios' | 'bios-rom' | 'bios-old-ipxe' | 'uefi' | 'uefi-http' | 'uefi-arm64'

export interface MachineOptions {
  readonly firmware: Firmware
  readonly mac: string
  /** Where its variables and logs are kept. */
  readonly directory: string
  /** A directory shown to the machine as a disk with a FAT file system, second in its boot order. */
  readonly disk?: string
  /** Of its board; without one firmware sends zeros. */
  readonly uuid?: string
  /** It starts again when it is told to; otherwise it goes off then. */
  readonly restarts?: boolean
}

/** Something the firmware, iPXE or the kernel said on the serial console. */
export interface Stage {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly name: string
  /** The line it was found in. */
  readonly text: string
}

const OVMF = '/usr/share/OVMF'
const OVMF_FILES = [`${OVMF}/OVMF_CODE_4M.fd`, `${OVMF}/OVMF_VARS_4M.fd`]
const AAVMF = '/usr/share/AAVMF'
const X86_64 = 'qemu-system-x86_64'
const ARM64 = 'qemu-system-aarch64'
export const MACHINE_COMMANDS = [X86_64]
export const ARM64_COMMANDS = [ARM64]
const IPXE_ROM = ['/usr/lib/ipxe/qemu/pxe-virtio.rom']
export const MACHINE_FILES: Readonly<Record<Firmware, readonly string[]>> = {
  bios: IPXE_ROM,
  'bios-rom': IPXE_ROM,
  'bios-old-ipxe': IPXE_ROM,
  uefi: OVMF_FILES,
  'uefi-http': OVMF_FILES,
  'uefi-arm64': [`${AAVMF}/AAVMF_CODE.fd`, `${AAVMF}/AAVMF_VARS.fd`],
}

/** What iPXE's ROM has to pass for. */
const DISGUISES: Partial<Readonly<Record<Firmware, Disguise>>> = {
  'bios-rom': 'plain',
  'bios-old-ipxe': 'without-http',
}

/** What is looked for on the serial console, in the order of a boot. */
const STAGES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['firmware starts PXE', />>Start PXE over IPv4/],
  ['firmware starts HTTP boot', />>Start HTTP Boot over IPv4/],
  ['firmware has a boot file', /NBP filename is .*(?=\n)/],
  ['firmware loads from its next device', /BdsDxe: starting Boot[0-9A-F]+ "UEFI (?!PXE|HTTP).*(?=\n)/],
  ['firmware gives up', /PXE-E\d+: .*(?=\n)/],
  ['iPXE runs', /iPXE \d+\.\d+\S*(?= )/],
  ['iPXE gives up', /No more network devices/],
  ['nothing left to boot', /No bootable device|UEFI Interactive Shell|Shell>/],
  ['kernel is handed over', /EFI stub: .*(?=\n)/],
  ['kernel runs', /Linux version .*(?=\n)/],
]

/** A virtual machine on the LAN, emulated throughout: no KVM. */
export class Machine {
  readonly poweredOnAt: number
  readonly #running: Running
  readonly #monitor: string
  readonly #stages = new Map<string, Stage>()
  /** Called with each stage when it is reached. */
  onStage: (stage: Stage) => void = () => {}

  private constructor(running: Running, poweredOnAt: number, monitor: string) {
    this.poweredOnAt = poweredOnAt
    this.#running = running
    this.#monitor = monitor
    running.watch(() => this.#look())
  }

  static async powerOn(lan: Lan, options: MachineOptions): Promise<Machine> {
    await mkdir(options.directory, { recursive: true })
    const tap = await lan.addTap()
    const monitor = join(options.directory, 'monitor')
    const monitorArgs = ['-monitor', `unix:${monitor},server=on,wait=off`]
    const args = [
      ...BOARD,
      ...(options.restarts === true ? [] : ['-no-reboot']),
      ...monitorArgs,
      ...(await firmwareArgs(options)),
      ...networkArgs(tap, options),
      ...diskArgs(options),
      ...(options.uuid === undefined ? [] : ['-uuid', options.uuid]),
    ]
    const disguise = DISGUISES[options.firmware]
    const rom = disguise === undefined ? undefined : await PlainRom.open(options.directory, disguise)
    const command = options.firmware === 'uefi-arm64' ? ARM64 : X86_64
    const at = Date.now()
    const machine = new Machine(lan.start(`machine ${options.mac}`, { command, args }), at, monitor)
    void machine.#running.ended.then(() => rom?.close())
    return machine
  }

  /** The serial console so far, without control sequences. */
  get console(): string {
    return stripVTControlCharacters(this.#running.output).replaceAll('\r', '')
  }

  /** What has been reached, in order of time. */
  get stages(): Stage[] {
    return [...this.#stages.values()].sort((a, b) => a.at - b.at)
  }

  /** Resolves with the match once the console shows it; rejects when the machine is off or after `within` ms. */
  async waitFor(pattern: RegExp, within: number): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const fail = (why: string): void => reject(new Error(`${why} before the console showed ${pattern}`))
    const timer = setTimeout(() => fail(`${within / 1000} s passed`), within)
    const unwatch = this.#running.watch(() => {
      const match = pattern.exec(this.console)
      if (match !== null) resolve(match)
      else if (this.#running.ending !== undefined) fail('the machine went off')
    })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      unwatch()
    }
  }

  /** Presses keys of its keyboard one after the other, by QEMU's names for them: `f8`, `down`, `ret`. */
  async press(...keys: readonly string[]): Promise<void> {
    const monitor = connect(this.#monitor).setEncoding('utf8')
    let said = ''
    monitor.on('data', (text: string) => (said += text))
    try {
      for (const [index, key] of keys.entries()) {
        while (said.split(PROMPT).length < index + 2) await once(monitor, 'data')
        monitor.write(`sendkey ${key}\n`)
      }
      while (said.split(PROMPT).length < keys.length + 2) await once(monitor, 'data')
    } finally {
      monitor.destroy()
    }
  }

  async powerOff(): Promise<void> {
    await this.#running.stop('SIGKILL')
  }

  #look(): void {
    const console = this.console
    for (const [name, pattern] of STAGES) {
      if (this.#stages.has(name)) continue
      const match = pattern.exec(console)
      if (match === null) continue
      const stage = { at: Date.now(), name, text: match[0] }
      this.#stages.set(name, stage)
      this.onStage(stage)
    }
  }
}

/** What QEMU's monitor says when it is through with a command. */
const PROMPT = '(qemu) '

// EDK2 from 2024.05 on offers no network boot without a source of randomness.
const BOARD = words(
  '-nodefaults -display none -accel tcg -m 1024 -serial stdio',
  '-object rng-random,filename=/dev/urandom,id=rng0 -device virtio-rng-pci,rng=rng0',
)

async function firmwareArgs({ firmware, directory }: MachineOptions): Promise<string[]> {
  if (firmware === 'uefi-arm64') return arm64Args(directory)
  // Without graphics SeaBIOS, and with it iPXE's ROM, talks on the serial line.
  if (isBios(firmware)) return words('-machine pc,graphics=off -vga std')
  const variables = join(directory, 'variables.fd')
  await copyFile(`${OVMF}/OVMF_VARS_4M.fd`, variables)
  // PXE comes before HTTP in its boot order.
  const pxe = firmware === 'uefi-http' ? words('-fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=no') : []
  return [
    ...pxe,
    ...words('-machine q35', `-drive if=pflash,unit=0,format=raw,readonly=on,file=${OVMF}/OVMF_CODE_4M.fd`),
    ...words('-fw_cfg name=opt/org.tianocore/IPv6PXESupport,string=no -global isa-debugcon.iobase=0x402'),
    '-drive',
    `if=pflash,unit=1,format=raw,file=${variables}`,
    '-debugcon',
    `file:${join(directory, 'firmware.log')}`,
  ]
}

async function arm64Args(directory: string): Promise<string[]> {
  const variables = join(directory, 'variables.fd')
  await copyFile(`${AAVMF}/AAVMF_VARS.fd`, variables)
  return [
    ...words('-machine virt -cpu cortex-a57'),
    ...words(`-drive if=pflash,unit=0,format=raw,readonly=on,file=${AAVMF}/AAVMF_CODE.fd`),
    ...words('-fw_cfg name=opt/org.tianocore/IPv6PXESupport,string=no'),
    '-drive',
    `if=pflash,unit=1,format=raw,file=${variables}`,
  ]
}

function isBios(firmware: Firmware): boolean {
  return firmware.startsWith('bios')
}

function networkArgs(tap: string, { firmware, mac, directory }: MachineOptions): string[] {
  // An empty ROM file: OVMF's own PXE runs, not iPXE. SeaBIOS has no PXE but that of the card's ROM, and that is iPXE.
  const rom = isBios(firmware) ? '' : ',romfile='
  const network =
    DISGUISES[firmware] !== undefined
      ? plainRomArgs(directory, tap)
      : words(`-netdev tap,id=n0,ifname=${tap},script=no,downscript=no`)
  return [...network, ...words(`-device virtio-net-pci,netdev=n0,mac=${mac},bootindex=1${rom}`)]
}

function diskArgs({ disk }: MachineOptions): string[] {
  if (disk === undefined) return []
  const drive = ['-drive', `if=none,id=d0,format=raw,readonly=on,file=fat:${disk}`]
  return [...drive, ...words('-device virtio-blk-pci,drive=d0,bootindex=2')]
}

function words(...lines: string[]): string[] {
  return lines.flatMap((line) => line.split(' '))
}
