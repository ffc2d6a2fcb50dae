import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineOf } from './entry.ts'
import { formatProblem } from './problem.ts'
import { readText } from './read-file.ts'
import { unique } from './unique.ts'

/** Everything wrong with a text, duplicates included, and the ids that are served all the same. */
async function outcome(text: string): Promise<{ problems: string[]; served: string[] }> {
  const reading = await readText(text, 'f')
  const { entries, problems } = unique([reading.entries])
  const all = [...reading.problems, ...problems]
  return {
    problems: all.map((problem) => `${problem.severity} ${formatProblem(problem)}`),
    served: entries.map(({ id }) => id),
  }
}

/** A v1alpha1 object with these lines below `dhcp:`, and one that is in order behind it. */
function withDhcp(...lines: readonly string[]): string {
  const dhcp = lines.map((line) => `        ${line}\n`).join('')
  return `apiVersion: tinkerbell.org/v1alpha1
kind: Hardware
metadata: {name: bad}
spec:
  interfaces:
    - dhcp:
${dhcp}---
apiVersion: tinkerbell.org/v1alpha1
kind: Hardware
metadata: {name: good}
spec:
  interfaces:
    - dhcp:
        mac: 00:00:5e:00:53:99
`
}

const MAC = 'mac: 00:00:5e:00:53:01'
const at = 'spec.interfaces[0].dhcp'

interface Row {
  readonly lines: readonly string[]
  readonly problem: string
}

const REFUSED: readonly Row[] = [
  {
    lines: [MAC, 'ip: {address: "2001:db8::1", netmask: 255.255.255.0}'],
    problem: `f:8:23 ${at}.ip.address: "2001:db8::1" is an IPv6 address: write a dotted quad such as 192.0.2.10`,
  },
  {
    lines: [MAC, 'ip: {address: 192.0.2.300, netmask: 255.255.255.0}'],
    problem: `f:8:23 ${at}.ip.address: "192.0.2.300" is no IPv4 address: write a dotted quad such as 192.0.2.10`,
  },
  {
    lines: [MAC, 'ip: {address: 192.0.2.5}'],
    problem: `f:8:13 ${at}.ip.netmask: missing; an address needs one, such as 255.255.255.0`,
  },
  {
    lines: [MAC, 'ip: {address: 192.0.2.5, netmask: 255.0.255.0}'],
    problem: `f:8:43 ${at}.ip.netmask: 255.0.255.0 is no netmask; its one bits must stand together at the left, as in 255.255.255.0`,
  },
  {
    lines: [MAC, 'ip: {address: 192.0.2.5, netmask: 255.255.255.0, gateway: "fe80::1"}'],
    problem: `f:8:67 ${at}.ip.gateway: "fe80::1" is an IPv6 address: write a dotted quad such as 192.0.2.10`,
  },
  {
    lines: [MAC, 'ip: {address: 127.0.0.1, netmask: 255.0.0.0}'],
    problem: `f:8:23 ${at}.ip.address: 127.0.0.1 cannot be given to a machine; write an address of its network`,
  },
  {
    lines: [MAC, 'ip: {address: 192.0.2.5, netmask: 255.255.255.0, family: 6}'],
    problem: `f:8:66 ${at}.ip.family: is 6, but only IPv4 addresses can be given; write 4 or leave it out`,
  },
  { lines: [MAC, 'ip: 192.0.2.5'], problem: `f:8:13 ${at}.ip: must be a mapping, not "192.0.2.5"` },
  {
    lines: [MAC, 'lease_time: -1'],
    problem: `f:8:21 ${at}.lease_time: must be whole seconds from 0 (meaning 86400) to 4294967295, not -1`,
  },
  {
    lines: [MAC, 'lease_time: 4294967296'],
    problem: `f:8:21 ${at}.lease_time: must be whole seconds from 0 (meaning 86400) to 4294967295, not 4294967296`,
  },
  {
    lines: [MAC, 'lease_time: 1h'],
    problem: `f:8:21 ${at}.lease_time: must be whole seconds from 0 (meaning 86400) to 4294967295, not "1h"`,
  },
  {
    lines: ['mac: 00:00:5e:00:53'],
    problem: `f:7:14 ${at}.mac: "00:00:5e:00:53" is no MAC address; write it as 00:00:5e:00:53:01`,
  },
  {
    lines: ['mac: 001122334455'],
    problem: `f:7:14 ${at}.mac: 1122334455 is no MAC address; YAML read a number here: put the address in quotes`,
  },
  {
    lines: ['mac: ff:ff:ff:ff:ff:ff'],
    problem: `f:7:14 ${at}.mac: ff:ff:ff:ff:ff:ff is a group (multicast or broadcast) address; write the one of the interface`,
  },
  {
    lines: ['mac: 00:00:00:00:00:00'],
    problem: `f:7:14 ${at}.mac: 00:00:00:00:00:00 is no address; write the one of the interface`,
  },
  {
    lines: [MAC, 'classless_static_routes: [{destination_descriptor: 10.0.0.0/33, router: 192.0.2.1}]'],
    problem: `f:8:60 ${at}.classless_static_routes[0].destination_descriptor: "10.0.0.0/33" is no IPv4 network; write it as 10.0.0.0/8`,
  },
  {
    lines: [MAC, 'classless_static_routes: [{destination_descriptor: 10.0.0.0/8}]'],
    problem: `f:8:35 ${at}.classless_static_routes[0].router: missing; a route needs an IPv4 router`,
  },
  { lines: [MAC, 'uefi: "true"'], problem: `f:8:15 ${at}.uefi: must be true or false (without quotes), not "true"` },
  { lines: [MAC, 'hostname: "a\\nb"'], problem: `f:8:19 ${at}.hostname: must be one line without control characters` },
  { lines: [MAC, 'hostname: [a]'], problem: `f:8:19 ${at}.hostname: must be text, not a list` },
  { lines: [MAC, 'name_servers: 192.0.2.1'], problem: `f:8:23 ${at}.name_servers: must be a list, not "192.0.2.1"` },
  {
    lines: [MAC, 'vlan_id: "5000"'],
    problem: `f:8:18 ${at}.vlan_id: "5000" is no VLAN id; write a number from 0 to 4096`,
  },
  {
    lines: [MAC, 'hostname: x', 'hostname: y'],
    problem: 'f:9:9 this key is written twice; leave one',
  },
]

for (const { lines, problem } of REFUSED) {
  test(`refused, the other machine is served: ${lines.at(-1)}`, async () => {
    assert.deepEqual(await outcome(withDhcp(...lines)), { problems: [`refused ${problem}`], served: ['good'] })
  })
}

const WARNED: readonly Row[] = [
  {
    lines: [MAC, 'ip: {address: 192.0.2.5, netmask: 255.255.255.0, gateway: 198.51.100.1}'],
    problem: `f:8:67 ${at}.ip.gateway: 198.51.100.1 is outside the subnet of 192.0.2.5 (mask 255.255.255.0): the machine will not reach it`,
  },
  {
    lines: [MAC, 'ip: {address: 192.0.2.255, netmask: 255.255.255.0}'],
    problem: `f:8:23 ${at}.ip.address: 192.0.2.255 is the broadcast address of its subnet (mask 255.255.255.0)`,
  },
  {
    lines: [MAC, 'name_servers: ["2001:db8::1"]'],
    problem: `f:8:24 ${at}.name_servers[0]: "2001:db8::1" is an IPv6 address: write a dotted quad such as 192.0.2.10; it is left out`,
  },
  {
    lines: [MAC, 'host_name: x'],
    problem: `f:8:20 ${at}.host_name: unknown field, did you mean hostname? It is kept but does nothing`,
  },
  {
    lines: [MAC, 'classless_static_routes: [{destination_descriptor: 10.1.2.3/8, router: 192.0.2.1}]'],
    problem: `f:8:60 ${at}.classless_static_routes[0].destination_descriptor: "10.1.2.3/8" has bits behind the prefix; 10.0.0.0/8 is used`,
  },
  {
    lines: [MAC, 'boot_file_name: x'],
    problem: `f:8:25 ${at}.boot_file_name: is of little use without tftp_server_name`,
  },
  { lines: [MAC, 'ip: {}'], problem: `f:8:13 ${at}.ip.address: missing: no address is reserved` },
]

for (const { lines, problem } of WARNED) {
  test(`served with a warning: ${lines.at(-1)}`, async () => {
    assert.deepEqual(await outcome(withDhcp(...lines)), { problems: [`warning ${problem}`], served: ['bad', 'good'] })
  })
}

const OTHERS: readonly {
  readonly what: string
  readonly text: string
  readonly problems: readonly string[]
  readonly served: readonly string[]
}[] = [
  {
    what: 'the field of another format',
    text: 'spec: {interfaces: [{dhcp: {mac: "00:00:5e:00:53:01"}, netboot: {allow_pxe: true}}]}',
    problems: [
      'warning f:1:77 spec.interfaces[0].netboot.allow_pxe: unknown field, did you mean allowPXE? It is kept but does nothing',
    ],
    served: ['00:00:5e:00:53:01'],
  },
  {
    what: 'bad URLs, all of them said at once',
    text: 'spec: {interfaces: [{dhcp: {mac: "00:00:5e:00:53:01"}, netboot: {ipxe: {url: x/y}, osie: {baseURL: "http://"}}, isoboot: {sourceISO: "ftp://a/b"}}]}',
    problems: [
      'refused f:1:78 spec.interfaces[0].netboot.ipxe.url: "x/y" is no URL; write it whole, beginning with http://, https://, tftp://, ftp://, nfs://',
      'refused f:1:100 spec.interfaces[0].netboot.osie.baseURL: "http://" is no URL; write it whole, beginning with http://, https://, tftp://, ftp://, nfs://',
      'refused f:1:134 spec.interfaces[0].isoboot.sourceISO: "ftp://a/b" is no URL; write it whole, beginning with http://, https://',
    ],
    served: [],
  },
  {
    what: 'no interfaces',
    text: 'kind: Hardware\nspec:\n  interfaces: []\n',
    problems: [
      'refused f:3:15 spec.interfaces: has no interface with a dhcp.mac or a match, which a machine is found by',
    ],
    served: [],
  },
  {
    what: 'one MAC twice in a record',
    text: '{"id": "a", "network": {"interfaces": [{"dhcp": {"mac": "00:00:5e:00:53:01"}}, {"dhcp": {"mac": "0000.5E00.5301"}}]}}',
    problems: ['refused f:1:1 has 00:00:5e:00:53:01 on two interfaces; each needs its own MAC'],
    served: [],
  },
  {
    what: 'a MAC of another machine: the first stays',
    text: '{"id": "a", "network": {"interfaces": [{"dhcp": {"mac": "00:00:5e:00:53:01"}}]}}\n---\n00:00:5e:00:53:01: {hostname: b}\n',
    problems: [
      'refused f:3:1 ["00:00:5e:00:53:01"]: MAC 00:00:5e:00:53:01 belongs to the machine at f:1:1 already, which stays; change one of the two',
    ],
    served: ['a'],
  },
  {
    what: 'an address of another machine: the first stays, and the third is not in the way of the second, which is gone',
    text: `
00:00:5e:00:53:01: {ipAddress: 192.0.2.1, subnetMask: 255.255.255.0}
00:00:5e:00:53:02: {ipAddress: 192.0.2.1, subnetMask: 255.255.255.0}
`,
    problems: [
      'refused f:3:1 ["00:00:5e:00:53:02"]: address 192.0.2.1 belongs to the machine at f:2:1 already, which stays; change one of the two',
    ],
    served: ['00:00:5e:00:53:01'],
  },
  {
    what: 'an id of another machine',
    text: '[{"id": "a", "network": {"interfaces": [{"dhcp": {"mac": "00:00:5e:00:53:01"}}]}},\n {"id": "a", "network": {"interfaces": [{"dhcp": {"mac": "00:00:5e:00:53:02"}}]}}]',
    problems: ['refused f:2:2 [1]: id a belongs to the machine at f:1:2 already, which stays; change one of the two'],
    served: ['a'],
  },
  {
    what: 'a key of the map twice: the entries are records, and the first stays',
    text: '00:00:5e:00:53:01: {hostname: a}\n00:00:5e:00:53:01: {hostname: b}\n',
    problems: [
      'refused f:2:1 ["00:00:5e:00:53:01"]: id 00:00:5e:00:53:01 belongs to the machine at f:1:1 already, which stays; change one of the two',
    ],
    served: ['00:00:5e:00:53:01'],
  },
  {
    what: 'a map with a key that is no MAC',
    text: '00:00:5e:00:53:01: {}\n00:00:5e:00:53:0g:\n  hostname: b\n',
    problems: [
      'refused f:2:1 ["00:00:5e:00:53:0g"]: "00:00:5e:00:53:0g" is no MAC address; write the key as "00:00:5e:00:53:01"',
    ],
    served: ['00:00:5e:00:53:01'],
  },
  {
    what: 'v1alpha2: script and url, and a script that is none',
    text: 'apiVersion: tinkerbell.org/v1alpha2\nspec:\n  networkInterfaces:\n    00:00:5e:00:53:01:\n      netboot: {ipxe: {script: shell, url: http://a/b}}\n      ipam: {ipv4: {address: 192.0.2.1, prefix: 33}}\n',
    problems: [
      'refused f:6:49 spec.networkInterfaces["00:00:5e:00:53:01"].ipam.ipv4.prefix: 33 is no prefix length; write 1 to 32, such as "24"',
      'refused f:5:32 spec.networkInterfaces["00:00:5e:00:53:01"].netboot.ipxe.script: must begin with #!ipxe',
      'refused f:5:23 spec.networkInterfaces["00:00:5e:00:53:01"].netboot.ipxe: has both script and url; leave one out',
    ],
    served: [],
  },
  {
    what: 'a version that is not known',
    text: 'apiVersion: tinkerbell.org/v2\nkind: Hardware\n',
    problems: [
      'refused f:1:13 apiVersion: "tinkerbell.org/v2" is not known; write tinkerbell.org/v1alpha1 or tinkerbell.org/v1alpha2',
    ],
    served: [],
  },
  {
    what: 'no record at all',
    text: 'hello: world\n',
    problems: [
      'refused f:1:1 is no machine record; write a Tinkerbell Hardware object (apiVersion: tinkerbell.org/v1alpha1), a tink document (network.interfaces) or a map by MAC address',
    ],
    served: [],
  },
  {
    what: 'metadata deeper than anybody needs',
    text: `{"id": "a", "metadata": ${'{"x":'.repeat(40)}1${'}'.repeat(40)}, "network": {"interfaces": [{"dhcp": {"mac": "00:00:5e:00:53:01"}}]}}`,
    problems: ['refused f:1:1 nests deeper than 20 levels; leave out what machines do not need'],
    served: [],
  },
  {
    what: 'a record larger than a message may be',
    text: JSON.stringify({ '00:00:5e:00:53:01': { netboot: { ipxeScript: 'x'.repeat(1024 * 1024) } } }),
    problems: ['refused f:1:22 ["00:00:5e:00:53:01"]: is larger than 1 MiB; leave out what machines do not need'],
    served: [],
  },
]

for (const { what, text, problems, served } of OTHERS) {
  test(what, async () => assert.deepEqual(await outcome(text), { problems, served }))
}

const UNREADABLE: readonly { readonly text: string; readonly place: string }[] = [
  { text: 'a: 1\nb: [1, 2\nc: 3\n', place: 'f:3:1' },
  { text: '00:00:5e:00:53:01: {}\n00:00:5e:00:53:02: {]\n', place: 'f:2:21' },
  { text: '- a: 1\n- b: {\n', place: 'f:3:1' },
  { text: 'a: 1\n---\nkey: *nobody\n', place: 'f:2:1' },
  { text: '{"a": 1,, "b": 2}', place: 'f:1:9' },
  { text: '['.repeat(5_000_000), place: 'f:1:5000001' },
]

for (const { text, place } of UNREADABLE) {
  test(`nothing of a text with a syntax error is used: ${text.slice(0, 30).replaceAll('\n', '⏎')}`, async () => {
    const { entries, problems, unreadable } = await readText(text, 'f')
    const [{ severity, file, line, column }] = problems as [(typeof problems)[number]]
    assert.deepEqual([unreadable, entries, severity, `${file}:${line}:${column}`], [true, [], 'unreadable', place])
  })
}

const LEASES: readonly { readonly line: string; readonly seconds: number }[] = [
  { line: '# absent', seconds: 86_400 },
  { line: 'lease_time:', seconds: 86_400 },
  { line: 'lease_time: 0', seconds: 86_400 },
  { line: 'lease_time: "0"', seconds: 86_400 },
  { line: 'lease_time: 1', seconds: 1 },
  { line: 'lease_time: 4294967295', seconds: 4_294_967_295 },
]

for (const { line, seconds } of LEASES) {
  test(`lease: ${line}`, async () => {
    const { entries } = await readText(withDhcp(MAC, line), 'f')
    assert.equal(machineOf(entries[0]!).interfaces[0]!.dhcp!.leaseSeconds, seconds)
  })
}
