import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FACTS } from '../policy.fixture.ts'
import { compileCondition } from './condition.ts'
import { ExpressionError } from './expression-error.ts'
import { FactsContext } from './facts-context.ts'
import { FUNCTIONS, METHODS } from './functions.ts'

/** The client is 52:54:00:00:00:01 on 192.0.2.0/24, the machine 192.0.2.10 in rack 12, tagged gpu and new; it is Saturday, 08:30 UTC. */
const CONTEXT = new FactsContext(FACTS)

const ROWS: readonly (readonly [condition: string, value: boolean | string])[] = [
  ['has(machine.labels.rack) && !has(machine.labels.row)', true],
  ['size(machine.tags) == 2 && machine.tags.size() == 2 && size("über") == 4', true],
  ['string(client.arch) == "7" && int("7") == client.arch && double("0.5") == 0.5 && bool("true")', true],
  ['dyn(client.arch) == 7 && type(client.arch) == int', true],
  ['client.mac.startsWith("52:54") && client.mac.endsWith(":01") && client.mac.contains("00:00")', true],
  ['client.vendorClass.matches("^PXEClient:Arch:0{4}7") && !client.mac.matches("^$")', true],
  ['"NODE-1".lowerAscii() == machine.name && machine.name.upperAscii() == "NODE-1" && " a ".trim() == "a"', true],
  ['client.mac.indexOf(":") == 2 && client.mac.indexOf(":", 3) == 5 && client.mac.lastIndexOf(":") == 14', true],
  ['client.mac.substring(0, 8) == client.oui && client.mac.substring(15) == "01"', true],
  ['machine.tags.join(",") == "gpu,new" && client.mac.split(":").join() == "525400000001"', true],
  ['client.mac.split(":") == ["52", "54", "00", "00", "00", "01"] && "".split(",") == [""]', true],
  [`${JSON.stringify('x,'.repeat(64))}.split(",").size() > 0`, 'split() makes more than 64 parts'],
  ['client.mac.replace(":", "-") == "52-54-00-00-00-01" && "a.a".replace(".", "$&") == "a$&a"', true],
  ['"a𝄞".replace("", "b") == "bab𝄞b"', true],
  [
    `${JSON.stringify('a'.repeat(100))}.replace("a", ${JSON.stringify('b'.repeat(50))}) == ""`,
    'replace() makes more than 4096 characters',
  ],
  ['machine.id.orElse("none") == "machine-1" && machine.agentId.orElse("none") == "none"', true],
  [
    'machine.tags.all(t, t != "") && machine.tags.exists(t, t == "gpu") && machine.tags.exists_one(t, t == "gpu")',
    true,
  ],
  ['machine.tags.map(t, t + "!") == ["gpu!", "new!"] && machine.tags.filter(t, t > "h") == ["new"]', true],
  ['mac("5254.0000.0001") == client.mac && mac("52-54-00-00-00-01") == client.mac', true],
  ['oui("5254.0000.0001") == client.oui && isMAC(client.mac) && !isMAC("52:54")', true],
  ['mac(machine.name) == client.mac', 'not a MAC address: "node-1"'],
  ['isIP(machine.interface.address) && !isIP("192.0.2") && !isIP("::1")', true],
  ['ip(machine.interface.address) == ip("192.0.2.10") && ip("192.0.2.1") != ip("192.0.2.2")', true],
  ['ip(machine.interface.address) in [ip("192.0.2.9"), ip("192.0.2.10")]', true],
  ['ip(machine.name) == ip("192.0.2.10")', 'not an IPv4 address: "node-1"'],
  ['isCIDR(network.subnet) && !isCIDR("192.0.2.0") && !isCIDR("192.0.2.0/33")', true],
  ['cidr(network.subnet).containsIP(machine.interface.address) && cidr("192.0.2.7/24").containsIP("192.0.2.0")', true],
  ['cidr("192.0.2.0/24").containsIP(ip("192.0.3.0")) || cidr("0.0.0.0/0").containsIP("255.255.255.255")', true],
  ['cidr("192.0.0.0/16").containsCIDR(network.subnet) && !cidr("192.0.2.0/25").containsCIDR(network.subnet)', true],
  ['cidr(network.subnet).containsCIDR(cidr("192.0.2.128/25")) && !cidr("10.0.0.0/8").containsCIDR("11.0.0.0/8")', true],
  ['cidr(machine.name).containsIP("192.0.2.1")', 'not an IPv4 network: "node-1"'],
  ['sets.contains(machine.tags, ["gpu"]) && !sets.contains(["gpu"], machine.tags) && sets.contains([], [])', true],
  ['sets.intersects(machine.tags, ["new", "old"]) && !sets.intersects(machine.tags, []) ', true],
  ['sets.equivalent(machine.tags, ["new", "gpu", "new"]) && !sets.equivalent(machine.tags, ["new"])', true],
  ['now > timestamp("2026-01-31T08:00:00Z") && now - timestamp("2026-01-31T08:00:00Z") == duration("30m")', true],
  ['now.getFullYear() == 2026 && now.getMonth() == 0 && now.getDate() == 31 && now.getDayOfWeek() == 6', true],
  ['now.getHours() == 8 && now.getMinutes() == 30 && now.getSeconds() == 0 && now.getMilliseconds() == 0', true],
  ['now.within("Sat 08:00-09:00") && !now.within("Sat 09:00-10:00 Z") && now.within("09:00-10:00 +01:00")', true],
  ['!history.booted && history.bootsWithin(duration("1h")) == 0 && !history.finished("hook")', true],
  ['rollout(machine.id, 100) && !rollout(machine.id, 0) && !rollout(machine.id, 0.0)', true],
  ['rollout(machine.agentId, 50)', 'rollout() of an empty text'],
  ['kernelArch("amd64", "") == "x86_64" && kernelArch("", "uefi-arm64") == "aarch64"', true],
  ['urlJoin("http://a/b/", "/c") == "http://a/b/c" && basename("http://a/b/c?d") == "c"', true],
]

for (const [condition, value] of ROWS) {
  test(`${condition.slice(0, 120)}: ${value}`, () => {
    assert.equal(compileCondition(condition).test(CONTEXT), value)
  })
}

test('every function and method is in a row above', () => {
  const text = ROWS.map(([condition]) => condition).join('\n')
  const calls = [
    ...Object.keys(FUNCTIONS).map((name) => `${name}(`),
    ...Object.keys(METHODS).map((name) => `.${name}(`),
  ]
  assert.deepEqual(
    calls.filter((call) => !text.includes(call)),
    [],
  )
})

describe('what is refused when it is read', () => {
  const rows: readonly (readonly [condition: string, offset: number, message: string])[] = [
    ['client.mac.within("Sat")', 0, "there is no 'string.within(string)'"],
    ['client.arch.matches("7")', 0, "there is no 'int.matches(string)'"],
    ['client.mac.split(7) == []', 0, "there is no 'string.split(int)'"],
    ['client.mac.contains("a", "b")', 0, "there is no 'string.contains(string, string)'"],
    ['sets.contains(machine.tags, [1])', 0, "there is no 'sets.contains(list<string>, list<int>)'"],
    ['sets.union(machine.tags, []) == []', 0, 'there is no function union()'],
    ['rollout(machine.id, 101)', 20, 'rollout() takes a literal percentage, 0 to 100'],
    ['rollout(machine.id, client.arch)', 20, 'rollout() takes a literal percentage, 0 to 100'],
    ['rollout(client.arch, 10)', 0, "there is no 'rollout(int, int)'"],
    ['cidr("300.0.0.0/8").containsIP(network.giaddr)', 5, 'not an IPv4 network: "300.0.0.0/8"'],
    ['cidr("10.0.0.0/8").containsIP("10.0.0")', 30, 'not an IPv4 address: "10.0.0"'],
    ['mac("52:54:00:12:34") == client.mac', 4, 'not a MAC address: "52:54:00:12:34"'],
    ['oui("52:54:00") == client.oui', 4, 'not a MAC address: "52:54:00"'],
    ['now > timestamp("tomorrow")', 16, 'not a time such as 2026-01-31T08:00:00Z: "tomorrow"'],
    ['history.bootsWithin(duration("3 days")) > 1', 29, 'not a duration such as 8h30m: "3 days"'],
  ]
  for (const [condition, offset, message] of rows) {
    test(condition, () => {
      assert.throws(
        () => compileCondition(condition),
        (error) => {
          assert.ok(error instanceof ExpressionError)
          assert.deepEqual([error.offset, error.message], [offset, message])
          return true
        },
      )
    })
  }
})
