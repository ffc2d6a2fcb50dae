import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseMac } from '@reboots/protocol/net'
import type { BootRequest } from '../decide-request.ts'
import type { BootApiAnswer, BootApiRefusal } from './on-boot-api.ts'

/** pixiecore takes every status but 200 for "not this machine"; people read it. */
const STATUS: Readonly<Record<BootApiRefusal | 'no-mac', number>> = {
  'no-mac': 400,
  'not-synced': 503,
  'unknown-machine': 404,
  'ignored-by-policy': 404,
  'local-disk': 404,
  'netboot-not-allowed': 403,
  'profile-not-renderable': 500,
}

export interface BootApiOptions {
  /** The request for a machine, with what the connection says of it. */
  request(request: FastifyRequest, mac: BootRequest['mac']): BootRequest
  answer(asked: BootRequest, request: FastifyRequest): Promise<BootApiAnswer>
  note(request: FastifyRequest, outcome: string, fields: Readonly<Record<string, unknown>>): void
}

/** Pixiecore's boot API, for which this service is the server: `pixiecore api http://<here>`. */
export function addBootApi(app: FastifyInstance, { request: requestFor, answer, note }: BootApiOptions): void {
  app.route({
    method: 'GET',
    url: '/v1/boot/:mac',
    async handler(request, reply) {
      const mac = parseMac((request.params as { readonly mac: string }).mac)
      const answered: BootApiAnswer | { readonly refused: 'no-mac'; readonly text: string } =
        mac === undefined
          ? { refused: 'no-mac', text: 'The last part of the path has to be a MAC address.' }
          : await answer(requestFor(request, mac), request)
      if ('refused' in answered) {
        const { refused, text, ...known } = answered
        note(request, refused, { mac, reason: text, ...known })
        return reply.code(STATUS[refused]).type('text/plain; charset=utf-8').send(`${text}\n`)
      }
      const { spec, ...known } = answered
      note(request, 'sent', known)
      return reply.header('cache-control', 'no-store').send(spec)
    },
  })
}
