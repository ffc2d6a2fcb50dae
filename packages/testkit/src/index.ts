export { machine, machineInterface, type InterfaceSpec, type MachineSpec } from './fakes/machine.ts'
export { brokenHardware, fakeHardware, type FakeHardware, type HardwareFault } from './fakes/fake-hardware.ts'
export { brokenRules, fakeRules, type FakeRules, type RulesFault } from './fakes/fake-rules.ts'
export type { LoopbackServer } from './fakes/loopback-server.ts'
