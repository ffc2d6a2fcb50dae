export { bootLinux, giveUp, retrying, type LinuxBoot, type Retrying } from './retry.ts'
export {
  and,
  attempt,
  boot,
  chain,
  echo,
  exit,
  goto,
  imgfree,
  inc,
  initrd,
  ipxeScript,
  iseq,
  isset,
  kernel,
  label,
  or,
  set,
  sleep,
  type Line,
} from './script.ts'
export { IpxeValueError, trusted, type IpxeValueReason, type Trusted, type Value } from './value.ts'
