import { status, type ServiceError } from '@grpc/grpc-js'
import { config } from '@reboots/api'
import type { z } from 'zod'
import { ConfigError } from './config-error.ts'
import type { LiveConfig } from './live-config.ts'

type Live = Pick<LiveConfig<z.ZodObject>, 'file' | 'text' | 'version' | 'problems' | 'check' | 'apply'>

/** reboots.config.v1.ConfigService, over the configuration in force; for `serveRpc`. */
export function configService(live: Live): readonly [typeof config.ConfigServiceService, config.ConfigServiceServer] {
  return [
    config.ConfigServiceService,
    {
      get: (_call, answer) =>
        answer(null, { text: live.text, version: live.version, file: live.file ?? '', problems: [...live.problems] }),
      check: ({ request }, answer) => answer(null, { problems: [...live.check(request.text)] }),
      apply: ({ request }, answer) => void apply(request, live).then((version) => answer(null, { version }), answer),
    },
  ]
}

/** Gives the version that is in force then; rejects with what gRPC is to say. */
async function apply({ text, replaces }: config.ApplyRequest, live: Live): Promise<string> {
  if (replaces !== '' && replaces !== live.version)
    throw refusal(status.FAILED_PRECONDITION, `version ${live.version} is in force, not ${replaces}`)
  if (live.file === undefined) throw refusal(status.FAILED_PRECONDITION, 'there is no configuration file to write to')
  const problems = live.check(text)
  if (problems.length > 0) throw refusal(status.INVALID_ARGUMENT, problems.join('\n'))
  try {
    await live.apply(text)
  } catch (error) {
    if (error instanceof ConfigError) throw refusal(status.FAILED_PRECONDITION, error.problems.join('\n'))
    throw error
  }
  return live.version
}

function refusal(code: status, details: string): Pick<ServiceError, 'code' | 'details'> & Error {
  return Object.assign(new Error(details), { code, details })
}
