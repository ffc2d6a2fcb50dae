import { MAX_BLKSIZE } from '@reboots/protocol/tftp'
import { fields, metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'

const tftp = z.object({
  root: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.string().min(1)).min(1))
    .default(['/usr/lib/ipxe'])
    .describe('Directories served, one or a list; the first that has a file wins, so put your own builds first'),
  listen: z
    .array(fields.hostPort)
    .default([])
    .describe('Addresses to listen on, `address:port`; empty: port `boot.tftpPort` on every address of `links`'),
  blksize: z
    .int()
    .min(512)
    .max(MAX_BLKSIZE)
    .optional()
    .describe("Largest block in octets; absent: what fits the interface's MTU unfragmented (1468 on Ethernet)"),
  windowsize: z.int().min(1).max(1024).default(64).describe('Largest window, in blocks'),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(255)
    .default(1)
    .describe('Seconds until the first retransmission for clients that do not name a timeout'),
  maxTransfers: z
    .int()
    .min(1)
    .max(60_000)
    .default(2000)
    .describe('Transfers at a time; one more is told that the server is busy'),
  cacheMegabytes: z
    .int()
    .min(1)
    .max(65_536)
    .default(64)
    .describe('Memory for file contents shared by all transfers, in MiB'),
  metrics: metricsSection('127.0.0.1:7069'),
})

export const shape = z.object({ log: sections.log, links: sections.links, boot: sections.boot, tftp })

export type Config = z.infer<typeof shape>
