export { BROADCAST_FLAG, type DhcpMessage } from './message.ts'
