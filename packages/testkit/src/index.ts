export { BYO_SERVERS, printByoDhcp, startByoServer, type ByoServer } from './byo-dhcp.ts'
export { machine, machineInterface, type InterfaceSpec, type MachineSpec } from './fakes/machine.ts'
export { brokenHardware, fakeHardware, type FakeHardware, type HardwareFault } from './fakes/fake-hardware.ts'
export { brokenRules, fakeRules, type FakeRules, type RulesFault } from './fakes/fake-rules.ts'
export type { LoopbackServer } from './fakes/loopback-server.ts'
export {
  commandLine,
  findCommand,
  Host,
  HOST_LINK,
  Lan,
  missing,
  packetOf,
  pcapFile,
  PcapReader,
  readPcap,
  requireTools,
  run,
  Running,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  tsharkFaults,
  type Capture,
  type Command,
  type Ending,
  type Frame,
  type HostOptions,
  type LanOptions,
  type Needs,
  type Packet,
} from './lan/index.ts'
export { freePort, RedisServer } from './redis-server.ts'
export { TcpLink } from './tcp-link.ts'
export { VirtualClock } from './virtual/clock.ts'
export { VirtualWire, type VirtualAsker } from './virtual/wire.ts'
