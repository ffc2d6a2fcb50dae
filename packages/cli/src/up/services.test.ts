import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatorError } from '@reboots/runtime'
import { upOptions } from './options.ts'

const chosen: readonly { args: string; services: string }[] = [
  { args: '', services: 'hardware rules-engine proxydhcp tftp ipxe-http' },
  { args: '--mode proxy', services: 'hardware rules-engine proxydhcp tftp ipxe-http' },
  { args: '--mode full', services: 'hardware rules-engine dhcp tftp ipxe-http' },
  { args: '--mode full --without tftp,ipxe-http', services: 'hardware rules-engine dhcp' },
  { args: '--without hardware --without rules-engine', services: 'proxydhcp tftp ipxe-http' },
  { args: '--only tftp --only hardware', services: 'hardware tftp' },
  { args: '--mode full --only proxydhcp', services: 'proxydhcp' },
]
for (const { args, services } of chosen) {
  test(`up ${args} runs ${services}`, () => {
    assert.deepEqual(upOptions(args.split(' ').filter(Boolean)).services.join(' '), services)
  })
}

const refused: readonly { args: string; says: string; remedy: RegExp }[] = [
  { args: '--mode ful', says: '--mode must be proxy or full, not "ful"', remedy: /^proxy: another DHCP server/ },
  {
    args: '--interfaces eth0',
    says: 'there is no option --interfaces, did you mean "--interface"?',
    remedy: /help up/,
  },
  { args: 'full', says: '"full" is not an option', remedy: /help up/ },
  { args: '--mode', says: "Option '--mode <value>' argument missing", remedy: /help up/ },
  { args: '--only dhpc', says: 'there is no service "dhpc", did you mean "dhcp"?', remedy: /help up/ },
  {
    args: '--only tftp --without tftp',
    says: 'no service is left to start',
    remedy: /^Name at least one of: hardware/,
  },
  {
    args: '--only dhcp,proxydhcp',
    says: 'dhcp and proxydhcp both answer on port 67, and one of them is enough',
    remedy: /--mode full/,
  },
  { args: '--mode full --no-bind', says: '--no-bind is for proxydhcp, which is not started', remedy: /--mode proxy/ },
  {
    args: '--config /nonexistent/c.yaml',
    says: '--config /nonexistent/c.yaml: there is no /nonexistent/c.yaml',
    remedy: /relative/,
  },
]
for (const { args, says, remedy } of refused) {
  test(`up ${args} is refused`, () => {
    assert.throws(
      () => upOptions(args.split(' ')),
      (error) => {
        assert.ok(error instanceof OperatorError)
        assert.equal(error.message, says)
        assert.match(error.remedy, remedy)
        return true
      },
    )
  })
}
