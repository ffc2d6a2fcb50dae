import assert from 'node:assert/strict'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools } from '@reboots/testkit'
import { initramfs, reportPattern } from './initramfs.ts'
import { kernelPath } from './kernel.ts'
import { Machine, MACHINE_COMMANDS, MACHINE_FILES, type Firmware } from './machine.ts'
import { startRouter } from './site.ts'
import { formatTimeline } from './timeline/timeline.ts'
import { observe } from './timeline/observer.ts'

// The virtual machines, the initial RAM disk and the reading of captures, proved with servers that nobody here wrote:
// when these boots work and others do not, the fault is not in the tools.

const skip = requireTools({
  root: true,
  commands: [...MACHINE_COMMANDS, 'ip', 'tcpdump', 'dnsmasq', 'busybox'],
  files: [...MACHINE_FILES.bios, ...MACHINE_FILES.uefi, '/usr/lib/ipxe/ipxe.efi', '/usr/lib/ipxe/undionly.kpxe'],
})
const SERVER = '192.168.88.1'
const FILES = `http://${SERVER}:8080`
const TOKEN = 'HARNESS-WORKS'
const SCRIPT = `#!ipxe
kernel ${FILES}/vmlinuz initrd=initramfs console=ttyS0,115200 from=dnsmasq
initrd ${FILES}/initramfs
boot
`
const FETCHES: readonly (readonly [Firmware, readonly string[]])[] = [
  ['bios', ['GET /boot.ipxe', 'GET /vmlinuz', 'GET /initramfs']],
  // From the menu that dnsmasq gives to PXE ROMs.
  ['bios-rom', ['RRQ undionly.0', 'GET /boot.ipxe', 'GET /vmlinuz', 'GET /initramfs']],
  ['uefi', ['RRQ ipxe.efi', 'GET /boot.ipxe', 'GET /vmlinuz', 'GET /initramfs']],
]

for (const [firmware, fetches] of FETCHES) {
  test(`the harness boots ${firmware} by dnsmasq and busybox`, { skip }, async () => {
    const directory = fileURLToPath(new URL(`../../../.cache/boot/runs/harness-${firmware}`, import.meta.url))
    await writeBootFiles(directory)
    const lan = await Lan.open({ prefix: 'bt' })
    try {
      const capture = await lan.capture()
      await startRouter(await lan.addHost('router'), directory, 'advertised')
      await startServers(lan, directory)
      const machine = await Machine.powerOn(lan, { firmware, mac: '52:54:00:88:00:01', directory })
      const [, commandLine] = await machine.waitFor(reportPattern(TOKEN), 180_000)
      assert.match(commandLine!, /\binitrd=initramfs console=ttyS0,115200 from=dnsmasq$/)
      assert.deepEqual(fetched(observe(capture.packets())), fetches)
      const timeline = formatTimeline(machine, capture.packets(), new Map([[SERVER, 'dnsmasq']]))
      assert.match(timeline, /DHCP +dnsmasq:67 → \S+:68 +ACK: address 192\.168\.88\.\d+, boot file http/)
      assert.match(timeline, /console kernel runs +Linux version/)
    } finally {
      await lan.close()
    }
  })
}

function fetched(sightings: ReturnType<typeof observe>): string[] {
  const requests = sightings.map((sighting) => {
    if (sighting.kind === 'tftp' && sighting.what === 'complete') return `RRQ ${sighting.file}`
    if (sighting.kind === 'http' && sighting.what === 'answer') return `${sighting.method} ${sighting.path}`
    return undefined
  })
  return requests.filter((request) => request !== undefined)
}

async function writeBootFiles(directory: string): Promise<void> {
  const files = join(directory, 'files')
  await rm(directory, { recursive: true, force: true })
  await mkdir(files, { recursive: true })
  await copyFile('/usr/lib/ipxe/ipxe.efi', join(files, 'ipxe.efi'))
  await copyFile('/usr/lib/ipxe/undionly.kpxe', join(files, 'undionly.0'))
  await copyFile(await kernelPath(), join(files, 'vmlinuz'))
  await writeFile(join(files, 'initramfs'), await initramfs(TOKEN))
  await writeFile(join(files, 'boot.ipxe'), SCRIPT)
}

async function startServers(lan: Lan, directory: string): Promise<void> {
  const host = await lan.addHost('servers', { address: `${SERVER}/24` })
  const files = join(directory, 'files')
  const args = [
    '--no-daemon --conf-file=/dev/null --pid-file= --user=root --port=0 --bind-interfaces --enable-tftp',
    `--interface=${HOST_LINK} --dhcp-range=192.168.88.100,192.168.88.150,600 --dhcp-userclass=set:ipxe,iPXE`,
    `--dhcp-boot=tag:ipxe,${FILES}/boot.ipxe --dhcp-boot=tag:!ipxe,ipxe.efi`,
    '--pxe-prompt=Press_F8,1 --pxe-service=tag:!ipxe,x86PC,iPXE,undionly',
  ].flatMap((line) => line.split(' '))
  const own = [`--tftp-root=${files}`, `--dhcp-leasefile=${join(directory, 'leases')}`]
  const dnsmasq = host.start('dnsmasq', { command: 'dnsmasq', args: [...args, ...own] })
  await dnsmasq.waitFor(/DHCP, IP range/)
  host.start('httpd', { command: 'busybox', args: ['httpd', '-f', '-p', '8080', '-h', files] })
}
