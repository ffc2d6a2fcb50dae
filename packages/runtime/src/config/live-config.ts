import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { watchDirectories, type DirectoryWatch } from '../files/watch-directories.ts'
import type { Log, LogConfig } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { OperatorError } from '../operator-error.ts'
import { changedFields, isWithin } from './changes.ts'
import { ConfigError } from './config-error.ts'
import { loadConfig, type Loaded, type LoadOptions } from './load.ts'
import { replaceFile } from './replace-file.ts'
import { readText } from './source.ts'

/** What a service does with a configuration that comes while it runs. */
export interface ConfigFollower<C> {
  /** Keys that may change, or what is around them: `dhcp.subnets`, `boot`. A change of any other is refused: it needs a restart. */
  readonly live: readonly string[]
  /**
   * Makes everything ready, and changes nothing. Throws ConfigError or OperatorError to refuse the configuration. What it returns puts
   * the configuration in force, at once and without fail.
   */
  prepare(next: Loaded<C>): () => void
}

export interface LiveConfigOptions<S extends z.ZodObject> {
  readonly shape: S
  /** As it was read at the start. */
  readonly loaded: Loaded<z.infer<S>>
  /** How it was read. */
  readonly load: LoadOptions
  readonly log: Log
  readonly metrics: Metrics
}

/** Always live, in every service. */
const LEVEL = 'log.level'

/**
 * The configuration in force. It follows the file (written in place, replaced by renaming, or behind a link that is turned): a text that
 * is in order as a whole is put in force as a whole, any other is refused with every problem in the log, and the one before stays.
 */
export class LiveConfig<S extends z.ZodObject> {
  readonly file: string | undefined
  readonly #options: LiveConfigOptions<S>
  readonly #gauges: ReturnType<typeof gaugesOf>
  #loaded: Loaded<z.infer<S>>
  #follower: ConfigFollower<z.infer<S>> | undefined
  #watch: DirectoryWatch | undefined
  /** What the file held at the last look; undefined when it could not be read. */
  #seen: string | undefined
  #problems: readonly string[] = []
  /** Texts handed in are written and put in force one after the other. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(options: LiveConfigOptions<S>) {
    this.#options = options
    this.#loaded = options.loaded
    this.#seen = options.loaded.text
    this.file = options.loaded.file
    this.#gauges = gaugesOf(options.metrics)
    this.#gauges.inForce(this.version)
  }

  /** Of the text in force. */
  get version(): string {
    return versionOf(this.#loaded.text)
  }

  get text(): string {
    return this.#loaded.text
  }

  /** What is wrong with the file as it is now; empty when it is in force. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** From now on the file is followed. */
  follow(follower: ConfigFollower<z.infer<S>>): void {
    this.#follower = follower
    if (this.file === undefined) return
    this.#watch = watchDirectories(() => void this.#look())
    void this.#look()
  }

  /** Reads the file again because somebody wants it, and says what came of it whether it has changed or not. */
  reload(): void {
    const { log } = this.#options
    if (this.#follower === undefined) return log.warn('a change of the configuration needs a restart of this service')
    if (this.file === undefined) return log.warn('there is no configuration file to read again, only the environment')
    const before = this.#seen
    this.#seen = undefined
    this.#read()
    if (this.#seen === before && this.#problems.length === 0)
      log.info({ version: this.version }, 'configuration unchanged')
  }

  /** What would be wrong with a text: every problem, or none. */
  check(text: string): readonly string[] {
    try {
      this.#prepared(text)
      return []
    } catch (error) {
      return problemsOf(error)
    }
  }

  /**
   * Writes a text to the file and puts it in force. Rejects with ConfigError, without having changed anything, when it is not in order or
   * cannot be written.
   */
  apply(text: string): Promise<void> {
    const applied = this.#write(text, this.#writing)
    this.#writing = applied.catch(() => {})
    return applied
  }

  async #write(text: string, before: Promise<unknown>): Promise<void> {
    await before
    const problems = this.check(text)
    if (problems.length > 0) throw new ConfigError(problems)
    if (this.file === undefined) throw new ConfigError(['there is no configuration file to write to'])
    await replaceFile(this.file, text)
    this.#adopt(text)
  }

  close(): void {
    this.#watch?.close()
  }

  async #look(): Promise<void> {
    const file = this.file!
    const real = await realpath(file).catch(() => file)
    // What happened in a directory before it was watched is seen by reading afterwards.
    await this.#watch?.follow(new Set([dirname(file), dirname(real)]))
    this.#read()
  }

  #read(): void {
    let text: string | undefined
    try {
      text = readText(this.file!)
      if (text === this.#seen) return
      this.#adopt(text)
    } catch (error) {
      const problems = problemsOf(error)
      const known = text === undefined && problems.join() === this.#problems.join()
      this.#seen = text
      if (!known) this.#refuse(problems)
    }
  }

  #adopt(text: string): void {
    const { shape, log } = this.#options
    const { next, commit } = this.#prepared(text)
    const changed = changedFields(shape, this.#loaded.config, next.config).map(({ path }) => path.join('.'))
    commit()
    log.level = (next.config as { readonly log: LogConfig }).log.level
    const before = this.version
    this.#loaded = next
    this.#seen = text
    this.#problems = []
    this.#gauges.problems.set(0)
    this.#gauges.inForce(this.version)
    if (changed.length === 0) return
    this.#gauges.applied.inc()
    log.info({ version: this.version, before, changed }, 'new configuration in force')
  }

  /** A text that is in order, and what puts it in force. */
  #prepared(text: string): { readonly next: Loaded<z.infer<S>>; readonly commit: () => void } {
    // Whoever empties a file is about to write to it; at the start, it is a configuration.
    if (text.trim() === '') throw new ConfigError([`${this.file}:1:1 is empty`])
    const { shape, load } = this.#options
    const next = loadConfig(shape, { ...load, ...(this.file !== undefined && { file: this.file }), text })
    const live = [LEVEL, ...(this.#follower?.live ?? [])]
    const fixed = changedFields(shape, this.#loaded.config, next.config).filter(({ path }) => !isWithin(path, live))
    if (fixed.length > 0) {
      const why = 'cannot change without a restart; restart this service, or take the change back'
      throw new ConfigError(fixed.map(({ path }) => `${next.placeOf(path)} ${path.join('.')}: ${why}`.trimStart()))
    }
    return { next, commit: this.#follower?.prepare(next) ?? (() => {}) }
  }

  #refuse(problems: readonly string[]): void {
    this.#problems = problems
    this.#gauges.problems.set(problems.length)
    this.#gauges.refused.inc()
    this.#options.log.error({ problems, kept: this.version }, 'configuration refused, the one before stays in force')
  }
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems
  if (error instanceof OperatorError) return [`${error.message}. ${error.remedy}`]
  throw error
}

/** First 12 hexadecimal digits of the SHA-256 of the text: equal texts have equal versions everywhere. */
function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function gaugesOf(metrics: Metrics) {
  const info = metrics.gauge('reboots_config_info', 'The configuration in force, 1 for its version', ['version'])
  return {
    problems: metrics.gauge('reboots_config_problems', 'Problems of the configuration file as it is now; 0: in force'),
    applied: metrics.counter('reboots_config_applied_total', 'New configurations put in force since the start'),
    refused: metrics.counter('reboots_config_refused_total', 'Configurations refused since the start'),
    inForce(version: string): void {
      info.reset()
      info.set({ version }, 1)
    },
  }
}
