import { setFlagsFromString } from 'node:v8'
import { z } from 'zod'
import { ConfigError } from './config/config-error.ts'
import { describeConfig } from './config/describe.ts'
import { LiveConfig, type ConfigFollower } from './config/live-config.ts'
import { loadConfig, type Loaded, type LoadOptions } from './config/load.ts'
import { sections } from './config/sections.ts'
import { createLog, flushLog, type Log, type LogConfig } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { OperatorError } from './operator-error.ts'
import { connectedToParent, tellParent, type Listen } from './parent.ts'

export interface ServiceContext<C> {
  readonly config: C
  /** The configuration file, absolute; undefined when there is none. */
  readonly file: string | undefined
  /** What relative paths in the configuration are relative to. */
  readonly directory: string
  /** Where a value of the configuration is set, for messages about it. */
  readonly placeOf: Loaded<C>['placeOf']
  readonly log: Log
  readonly metrics: Metrics
  /** Aborted when the service has been asked to stop. */
  readonly signal: AbortSignal
  /** The configuration in force, for an interface that shows and changes it. */
  readonly live: LiveConfig<z.ZodObject>
  /** From now on changes of the configuration file are followed, and SIGHUP has it read again; without this, both need a restart. */
  follow(follower: ConfigFollower<C>): void
  /** Says, once, what is open and what will be answered there: to `reboots up` if it is the parent, and to the log. */
  announce(listens: readonly Listen[], answers: string): void
}

export interface Running {
  close(): Promise<void>
}

export interface Service<S extends z.ZodObject> {
  readonly name: string
  /** The sections it reads; `log` is added when missing. */
  readonly shape: S
  /** What will not be as the configuration has it on this host, although nothing is wrong with it; for `--check`. */
  limits?(config: z.infer<S>): Promise<readonly string[]>
  start(context: ServiceContext<z.infer<S>>): Promise<Running>
  /**
   * What there is to say of a configuration besides its errors; `withMachines`: as it is with what the hardware service knows. Throws
   * ConfigError when it cannot be used after all, OperatorError when the hardware service is not there.
   */
  examine?(loaded: Loaded<z.infer<S>>, withMachines: boolean): Promise<Examination>
}

/** What is allowed in a configuration and most likely not meant, and what it comes to. */
export interface Examination {
  readonly warnings: readonly string[]
  readonly summary: readonly string[]
}

/** Argument of a service's main: read the configuration, say what is wrong with it or that nothing is, and end. */
const CHECK = '--check'

/** Argument of a service's main: as `--check`, then the examination as one line of JSON; `--machines` for what the records have to do with it. */
const EXAMINE = '--examine'
const WITH_MACHINES = '--machines'

/** The message of a refusal whose remedy is the list of problems. */
export const CONFIG_REFUSED = 'the configuration has errors'

/** The argument that makes a service print its settings, as JSON rows, instead of running. */
const DESCRIBE_CONFIG = '--describe-config'

/**
 * V8 allocates in the old generation at places where many objects were alive at a collection. Under load that is wherever a message
 * was at that moment: from then on the garbage of every message there is old, keeps the young objects it refers to, and doubles the
 * CPU of a message until the process ends (test/performance measures it). Nothing here gains from that guess.
 */
const NO_PRETENURING = '--no-allocation-site-pretenuring'

/** A service that cannot close in this time is ended. */
const CLOSE_WITHIN_MS = 5000

/**
 * The whole ceremony of a service's main: configuration, log, signals, exit code. SIGINT, SIGTERM and a lost parent close it
 * (exit 0; a second SIGINT ends it at once). A ConfigError or OperatorError is printed plainly (exit 2). Anything else that is
 * thrown, anywhere, is a bug: logged with its stack, exit 1.
 */
export async function runService<S extends z.ZodObject>(service: Service<S>, options: LoadOptions = {}): Promise<void> {
  setFlagsFromString(NO_PRETENURING)
  const shape = service.shape.extend('log' in service.shape.shape ? {} : { log: sections.log })
  if (process.argv.includes(DESCRIBE_CONFIG)) {
    process.stdout.write(`${JSON.stringify(describeConfig(shape))}\n`)
    return
  }
  let log: Log | undefined
  const failed = (error: unknown): Promise<never> => stopFailed(service.name, log, error)
  process.on('uncaughtException', (error) => void failed(error))
  process.on('unhandledRejection', (error) => void failed(error))
  try {
    const loaded = loadConfig(shape, options)
    const { config, file, directory } = loaded
    if (process.argv.includes(CHECK)) return await printCheck(service, config as z.infer<S>)
    if (process.argv.includes(EXAMINE)) return await printExamination(service, loaded as Loaded<z.infer<S>>)
    log = createLog(service.name, (config as { readonly log: LogConfig }).log)
    const stop = stopRequests()
    const metrics = createMetrics(service.name)
    const live = new LiveConfig<z.ZodObject>({ shape, loaded, load: options, log, metrics })
    process.on('SIGHUP', () => live.reload())
    const starting = service.start({
      config: config as z.infer<S>,
      file,
      directory,
      placeOf: loaded.placeOf,
      log,
      metrics,
      live,
      follow: (follower) => live.follow(follower),
      signal: stop.signal,
      announce: announcer(service.name, log),
    })
    const running = await Promise.race([starting, stop.requested])
    if (running === undefined) {
      // Large files can take longer than who stops it waits; what has not begun needs no end.
      log.info({ why: stop.why() }, 'stopping before it was ready')
    } else {
      await stop.requested
      live.close()
      await closeInTime(running, log, stop.why())
    }
    await flushLog()
    process.exit(0)
  } catch (error) {
    await failed(error)
  }
}

async function printCheck<S extends z.ZodObject>(service: Service<S>, config: z.infer<S>): Promise<void> {
  console.log(`${service.name}: the configuration is in order`)
  for (const but of (await service.limits?.(config)) ?? []) console.log(`${service.name}: ${but}`)
}

async function printExamination<S extends z.ZodObject>(service: Service<S>, loaded: Loaded<z.infer<S>>): Promise<void> {
  const found = await service.examine?.(loaded, process.argv.includes(WITH_MACHINES))
  const limits = (await service.limits?.(loaded.config)) ?? []
  const summary = [...(found?.summary ?? []), ...limits.map((limit) => `on this host: ${limit}`)]
  process.stdout.write(`${JSON.stringify({ warnings: found?.warnings ?? [], summary } satisfies Examination)}\n`)
}

function announcer(service: string, log: Log): ServiceContext<unknown>['announce'] {
  return (listens, answers) => {
    void tellParent({ type: 'announce', service, listens, answers })
    log.info({ listens: listens.map((listen) => `${listen.what} ${listen.address}`) }, `ready: ${answers}`)
  }
}

interface StopRequests {
  readonly signal: AbortSignal
  readonly requested: Promise<void>
  why(): string
}

function stopRequests(): StopRequests {
  const controller = new AbortController()
  let interrupts = 0
  const request = (why: string): void => {
    // Ctrl-C reaches every process of the terminal, and the parent may send SIGTERM besides: only a second Ctrl-C means haste.
    if (why === 'SIGINT' && ++interrupts > 1) process.exit(130)
    if (!controller.signal.aborted) controller.abort(why)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => request(name))
  if (connectedToParent()) process.on('disconnect', () => request('the parent process is gone'))
  const requested = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return { signal: controller.signal, requested, why: () => String(controller.signal.reason) }
}

async function closeInTime(running: Running, log: Log, why: string): Promise<void> {
  log.info({ why }, 'stopping')
  const late = setTimeout(() => {
    log.error(`not closed within ${CLOSE_WITHIN_MS / 1000} s, ending anyway`)
    process.exit(1)
  }, CLOSE_WITHIN_MS)
  await running.close()
  clearTimeout(late)
}

async function stopFailed(service: string, log: Log | undefined, error: unknown): Promise<never> {
  if (error instanceof ConfigError) {
    await refuse(service, CONFIG_REFUSED, error.problems.join('\n'))
    process.exit(2)
  }
  if (error instanceof OperatorError) {
    await refuse(service, error.message, error.remedy)
    process.exit(2)
  }
  if (log === undefined) console.error(error)
  else log.fatal({ err: error }, 'a bug in this service, it ends here')
  await flushLog()
  process.exit(1)
}

/** The parent prints it when there is one, so that it stands at the end of its output and not somewhere in the middle. */
async function refuse(service: string, message: string, remedy: string): Promise<void> {
  if (connectedToParent()) await tellParent({ type: 'fatal', service, message, remedy })
  else process.stderr.write(`${formatRefusal(service, message, remedy)}\n`)
}

/** Why a service does not run, and what to do about it, as the operator reads it. */
export function formatRefusal(service: string, message: string, remedy: string): string {
  return `${service}: ${message}\n${remedy.replace(/^/gm, '  ')}`
}
