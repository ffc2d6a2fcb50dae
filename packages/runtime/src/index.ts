export { now } from './clock.ts'
export { Latest } from './latest.ts'
export { bootServersOn, type BootServersOnLink } from './config/boot-servers.ts'
export { type Cidr } from './config/cidr.ts'
export { ConfigError } from './config/config-error.ts'
export { configService } from './config/config-service.ts'
export { describeConfig, type ConfigRow } from './config/describe.ts'
export { replaceFile } from './config/replace-file.ts'
export { LiveConfig, type ConfigFollower, type LiveConfigOptions } from './config/live-config.ts'
export { LiveSettings } from './config/live-settings.ts'
export { loadConfig, type Loaded, type LoadOptions } from './config/load.ts'
export { fields, metricsSection, SECTION_NAMES, sections } from './config/sections.ts'
export {
  answerDatagram,
  answerOf,
  malformedAnswer,
  readMessage,
  type DhcpAnswer,
  type DhcpArrival,
  type DhcpDecider,
  type DhcpDecision,
  type DhcpHandler,
  type DhcpLink,
  type DhcpOutcome,
  type DhcpParked,
  type DhcpPending,
  type ShellSilence,
} from './dhcp/answer.ts'
export { MessageTraits, type RelayIds } from './dhcp/message-traits.ts'
export { ChainLoads } from './dhcp/chain-loads.ts'
export { LinkDoors } from './dhcp/link-doors.ts'
export { macList } from './dhcp/mac-list.ts'
export { packetFields } from './dhcp/packet-line.ts'
export { serveDhcp, serveDhcpWithStore, type DhcpService, type DhcpStoreService } from './dhcp/serve.ts'
export { openJailed, relativeName, type JailedFile, type JailRefusal } from './files/jail.ts'
export { watchDirectories, type DirectoryWatch } from './files/watch-directories.ts'
export { healthReply, startHealth, type Health, type HealthOptions, type HealthReply } from './health.ts'
export {
  CONFIG_REFUSED,
  formatRefusal,
  runService,
  type Examination,
  type Running,
  type Service,
  type ServiceContext,
} from './lifecycle.ts'
export { bindFailure, listenAddress, privilegeRemedy, startListening, type Bind, type ListenAddress } from './listen.ts'
export { formatLogLine } from './log-line.ts'
export { createLog, type Log, type LogConfig } from './log.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { didYouMean, nearest } from './nearest.ts'
export { OperatorError } from './operator-error.ts'
export { type ChildMessage, type Listen } from './parent.ts'
export { Probing, whyNoProbing, type ProbingOptions, type Wires } from './probe/probing.ts'
export {
  Prober,
  type Asker,
  type Probe,
  type ProbeBudget,
  type ProberOptions,
  type ProbeOutcome,
  type ProbeRequest,
  type ProbeResult,
} from './probe/prober.ts'
export { openHistoryReplica, type HistoryReplica, type HistoryReplicaOptions } from './replica/history.ts'
export { reportBoots, type BootEvent, type Untold } from './replica/report-boots.ts'
export { createMachineIndex, type MachineIndex } from './replica/machine-index.ts'
export type { CompileCondition, Condition, Found, FoundBy, Traits } from './replica/match-index.ts'
export { openMachineReplica, type MachineReplica, type MachineReplicaOptions } from './replica/machines.ts'
export { openPolicyReplica, type PolicyReplica, type PolicyReplicaOptions } from './replica/policy.ts'
export { openReplicas, type Replicas, type ReplicasOptions } from './replica/replicas.ts'
export { connect } from './rpc/connect.ts'
export { serveRpc, type RpcOptions, type RpcServer } from './rpc/serve.ts'
export { type Destination } from './udp/destination.ts'
export { openUdpDoor, type DoorWay, type UdpDoor, type UdpDoorOptions } from './udp/door.ts'
export { loadEars, type Ear, type EarOptions, type Overheard } from './udp/ear.ts'
export { chooseLinks, findLinks, isChosen, lookForLinks, type LinkChoice } from './udp/link-choice.ts'
export { LinkWatch, type LinkWatchOptions } from './udp/link-watch.ts'
export { interfaceNames, type UdpLink } from './udp/links.ts'
