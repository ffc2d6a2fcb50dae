import type { hardware } from '@reboots/api'
import type { Cursor } from './cursor.ts'
import { cidr, ipv4, lines, mac, text } from './fields.ts'
import type { Path } from './problem.ts'

/** Routes for option 121. A bad one refuses the record: a machine with half its routes is hard to find out. */
export function routes(field: Cursor, destinationKey: string): hardware.Route[] {
  return field.items().flatMap((item) => {
    const route = item.mapping([destinationKey, 'router'])
    const destination = cidr(route.at(destinationKey))
    const router = ipv4(route.at('router'))
    if (router === '') route.at('router').refuse('missing; a route needs an IPv4 router')
    return destination === undefined || router === '' ? [] : [{ destination, router }]
  })
}

/** `{config}` of both versions of the custom resource. */
export function pxelinuxConfig(field: Cursor): string {
  return lines(field.mapping(['config']).at('config'))
}

/** `{serialNum, firmwarePath, configTxt}` of both versions of the custom resource. */
export function raspberryPi(field: Cursor): hardware.RaspberryPi {
  const rpi = field.mapping(['serialNum', 'firmwarePath', 'configTxt'])
  return {
    serialNumber: text(rpi.at('serialNum')),
    firmwarePath: text(rpi.at('firmwarePath')),
    configTxt: lines(rpi.at('configTxt')),
  }
}

/** Boot file overrides: options 66 and 67 make one pair. */
export function bootOverride(server: Cursor, file: Cursor): Pick<hardware.Dhcp, 'tftpServerName' | 'bootFileName'> {
  const override = { tftpServerName: text(server), bootFileName: text(file) }
  if ((override.tftpServerName === '') !== (override.bootFileName === '')) {
    const [given, missing] = override.tftpServerName === '' ? [file, server] : [server, file]
    given.warn(`is of little use without ${missing.key}`)
  }
  return override
}

/** Metadata of a Kubernetes object: `namespace/name`, or what there is of it. */
export function objectName(metadata: Cursor): { readonly id: string; readonly name: string } {
  const name = text(metadata.at('name'))
  const namespace = text(metadata.at('namespace'))
  return { id: namespace === '' || name === '' ? name : `${namespace}/${name}`, name }
}

/**
 * Where a field of a Kubernetes object that is not read is kept. The level of `spec` is taken away, so that rules find
 * `machine.metadata.disks`. What the cluster writes is left out: it says nothing of the machine and changes all the time.
 */
export function objectMetadataPath(path: Path): Path {
  if (path[0] === 'metadata' && path[1] !== 'annotations' && CLUSTER_FIELDS.includes(String(path[1]))) return []
  return path[0] === 'spec' || path[0] === 'metadata' ? path.slice(1) : path
}

/** Known fields of an object's metadata that are not read. */
export const CLUSTER_FIELDS = [
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
]

/** Text values by name, as in Kubernetes labels. */
export function labels(field: Cursor): Record<string, string> {
  return Object.fromEntries(
    field
      .entries()
      .filter((label) => label.key !== '__proto__')
      .map((label) => [String(label.key), text(label)]),
  )
}

/** The MAC of an interface, '' for one that is found by its `match` alone; undefined, and said so, for one that nothing finds. */
export function macOrMatch(iface: Cursor, field: Cursor): string | undefined {
  if (!field.absent) return mac(field)
  if (!iface.at('match').absent) return ''
  iface.warn('has neither dhcp.mac nor match: it is passed over')
  return undefined
}

/** `nameless`: where the record should have an id and has none, so that its first MAC has to do. */
export function checkFindable(
  list: Cursor,
  found: readonly { readonly iface: hardware.Interface }[],
  nameless: Cursor | undefined,
  refused: boolean,
): void {
  if (refused) return
  if (found.length === 0) list.refuse('has no interface with a dhcp.mac or a match, which a machine is found by')
  else if (found[0]!.iface.mac === '') nameless?.refuse('missing; a machine without a MAC needs one')
}

/** The records of one machine may name an architecture per interface; a machine has one. */
export function oneArchitecture(found: readonly { readonly arch: string; readonly field: Cursor }[]): string {
  const named = found.filter(({ arch }) => arch !== '')
  const first = named[0]?.arch ?? ''
  for (const { arch, field } of named)
    if (arch !== first) field.warn(`is ${arch}, but the machine's first is ${first}, which is used`)
  return first
}
