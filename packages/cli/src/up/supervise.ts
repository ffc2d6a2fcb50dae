import type { ServiceEvents, ServiceProcess } from './child.ts'
import type { ServiceName } from './services.ts'
import { isReadyLine, shownLine, shownRefusals, type Announcement, type Refusal } from './show.ts'

export interface Supervision {
  readonly services: readonly ServiceName[]
  start(service: ServiceName, events: ServiceEvents): ServiceProcess
  /** What is said when the services have come up, or some of them. */
  introduce(announcements: readonly Announcement[]): string
  print(text: string): void
  printError(text: string): void
  readonly color: boolean
}

const COME_UP_WITHIN_MS = 15_000
/** So that every service that cannot start is heard, and not only the first. */
const HEAR_OUT_MS = 3000
const STOP_WITHIN_MS = 7000
const LEAST_WAIT_MS = 500
const MOST_WAIT_MS = 10_000

type State = 'starting' | 'announced' | 'refused' | 'ended'

/**
 * Runs services until `stop` resolves. One that cannot start stops them all (exit 2), with every such service's reason; one that ends
 * later is started again after 0.5 s, then twice as long each time up to 10 s, and does not disturb the others. Gives the exit code.
 */
export function supervise(options: Supervision, stop: Promise<void>): Promise<number> {
  return new Supervisor(options).run(stop)
}

class Supervisor implements ServiceEvents {
  readonly #options: Supervision
  readonly #processes = new Map<ServiceName, ServiceProcess>()
  readonly #states = new Map<ServiceName, State>()
  readonly #failures = new Map<ServiceName, number>()
  readonly #announcements = new Map<ServiceName, Announcement>()
  readonly #refusals: Refusal[] = []
  readonly #tabled = new Set<ServiceName>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #held: string[] | undefined = []
  #stopping = false
  #changed: () => void = () => {}

  constructor(options: Supervision) {
    this.#options = options
  }

  async run(stop: Promise<void>): Promise<number> {
    for (const service of this.#options.services) this.#start(service)
    void stop.then(() => (this.#stopping = true))
    await Promise.race([stop, this.#settled()])
    if (this.#refusals.length > 0) {
      await this.#stopAll()
      this.#options.printError(shownRefusals(this.#refusals))
      return 2
    }
    this.#introduce()
    await stop
    await this.#stopAll()
    this.#options.print('All services have stopped.')
    return 0
  }

  line(service: ServiceName, text: string): void {
    if (text.trim() === '' || this.#isInTable(service, text)) return
    const shown = shownLine(service, text, this.#options.color)
    if (this.#held === undefined) this.#options.print(shown)
    else this.#held.push(shown)
  }

  /** The line by which a service first says that it is ready: the table says the same. */
  #isInTable(service: ServiceName, text: string): boolean {
    if (this.#tabled.has(service) || !isReadyLine(text)) return false
    this.#tabled.add(service)
    return true
  }

  message(service: ServiceName, message: Announcement | Refusal): void {
    if (message.type === 'announce') {
      this.#announcements.set(service, message)
      this.#set(service, 'announced')
      this.#failures.delete(service)
    } else {
      this.#refuse(service, message)
    }
  }

  ended(service: ServiceName, how: string): void {
    this.#processes.delete(service)
    const refused = this.#states.get(service) === 'refused'
    this.#set(service, refused ? 'refused' : 'ended')
    if (this.#stopping || (refused && this.#held !== undefined)) return
    const failures = this.#failures.get(service) ?? 0
    const wait = Math.min(LEAST_WAIT_MS * 2 ** failures, MOST_WAIT_MS)
    this.#failures.set(service, failures + 1)
    this.#say(service, `has ended (${how}) and is started again in ${wait / 1000} s; the others go on`)
    this.#later(wait, () => this.#start(service))
  }

  #start(service: ServiceName): void {
    if (this.#stopping) return
    this.#states.set(service, 'starting')
    this.#processes.set(service, this.#options.start(service, this))
  }

  /** Before the start is over a reason not to start is one for all; later it concerns that service. */
  #refuse(service: ServiceName, refusal: Refusal): void {
    this.#set(service, 'refused')
    if (this.#held !== undefined) this.#refusals.push(refusal)
    else this.#options.printError(shownRefusals([refusal]))
  }

  #set(service: ServiceName, state: State): void {
    this.#states.set(service, state)
    this.#changed()
  }

  #say(service: ServiceName, text: string): void {
    this.line(service, JSON.stringify({ time: new Date().toISOString(), level: 'warn', service, msg: text }))
  }

  /** Resolves when every service has come up or failed to; or when that takes too long. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#later(COME_UP_WITHIN_MS, resolve)
      let hearingOut = false
      this.#changed = () => {
        if ([...this.#states.values()].every((state) => state !== 'starting')) resolve()
        if (this.#refusals.length > 0 && !hearingOut) {
          hearingOut = true
          this.#later(HEAR_OUT_MS, resolve)
        }
      }
    })
  }

  #introduce(): void {
    const known = this.#options.services.flatMap((service) => this.#announcements.get(service) ?? [])
    if (!this.#stopping) this.#options.print(`${this.#options.introduce(known)}\n`)
    const held = this.#held ?? []
    this.#held = undefined
    for (const line of held) this.#options.print(line)
  }

  async #stopAll(): Promise<void> {
    this.#stopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const one of this.#processes.values()) one.signal('SIGTERM')
    const late = setTimeout(() => {
      for (const one of this.#processes.values()) one.signal('SIGKILL')
    }, STOP_WITHIN_MS)
    await new Promise<void>((resolve) => {
      this.#changed = () => {
        if (this.#processes.size === 0) resolve()
      }
      this.#changed()
    })
    clearTimeout(late)
  }

  #later(wait: number, call: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      call()
    }, wait)
    this.#timers.add(timer)
  }
}
