import { setTimeout } from 'node:timers/promises'

/** The kernel that a script selected, fetched and ready to be started. */
export interface Image {
  readonly url: string
  readonly args: string
  readonly bytes: Uint8Array
}

export interface Selected {
  readonly kernel: Image
  readonly initrds: readonly { readonly url: string; readonly bytes: Uint8Array }[]
}

export interface Interpreter {
  /** The file behind a URL; rejects if it cannot be had. */
  fetch(url: string): Promise<Uint8Array>
  /** What `echo` says. */
  echo(text: string): void
  /** Settings that iPXE has by itself: `net0/mac`, `buildarch`, … */
  readonly settings: Readonly<Record<string, string>>
}

const MOST_STEPS = 1000

/**
 * Runs an iPXE script as far as boot scripts go: settings, fetches, jumps, `||` and `&&`. Resolves with what `boot` starts;
 * undefined if the script ends without it. Throws on a command it does not know, so that a model cannot pass over something new.
 */
export async function runScript(script: string, interpreter: Interpreter): Promise<Selected | undefined> {
  return new Run(script, interpreter).run()
}

type Outcome = 'done' | 'failed' | 'ends' | 'boots'

class Run {
  #lines: string[]
  #at = 0
  #kernel: Image | undefined
  #initrds: { url: string; bytes: Uint8Array }[] = []
  readonly #settings: Map<string, string>
  readonly #interpreter: Interpreter

  constructor(script: string, interpreter: Interpreter) {
    this.#lines = linesOf(script)
    this.#interpreter = interpreter
    this.#settings = new Map(Object.entries(interpreter.settings))
  }

  async run(): Promise<Selected | undefined> {
    for (let steps = 0; this.#at < this.#lines.length; steps++) {
      if (steps === MOST_STEPS) throw new Error('the script does not come to an end')
      const outcome = await this.#line(this.#lines[this.#at++]!)
      if (outcome === 'boots' && this.#kernel !== undefined) return { kernel: this.#kernel, initrds: this.#initrds }
      if (outcome === 'ends' || outcome === 'failed') return undefined
    }
    return undefined
  }

  /** One line: commands joined by `&&` (go on if it worked), `||` (go on if it did not) and `;` (go on), from left to right. */
  async #line(text: string): Promise<Outcome> {
    if (/^\s*(?:#|:|$)/.test(text)) return 'done'
    const parts = text.replace(/\s#.*$/, '').split(/(?:^|\s+)(\|\||&&|;)(?:\s+|$)/)
    let outcome: Outcome = await this.#command(parts[0]!)
    for (let i = 1; i < parts.length && (outcome === 'done' || outcome === 'failed'); i += 2) {
      const goesOn = parts[i] === ';' || outcome === (parts[i] === '&&' ? 'done' : 'failed')
      if (goesOn) outcome = parts[i + 1] === '' ? 'done' : await this.#command(parts[i + 1]!)
    }
    return outcome
  }

  async #command(text: string): Promise<Outcome> {
    const [name = '', ...words] = text
      .trim()
      .split(/\s+/)
      .map((word) => this.#expand(word))
    const args = withoutOptions(words)
    switch (name) {
      case 'echo':
        this.#interpreter.echo(words.join(' '))
        return 'done'
      case 'set':
        this.#settings.set(settingName(args[0]!), args.slice(1).join(' '))
        return 'done'
      case 'clear':
        this.#settings.delete(settingName(args[0]!))
        return 'done'
      case 'inc':
        this.#settings.set(args[0]!, String(Number(this.#settings.get(args[0]!) ?? 0) + Number(args[1] ?? 1)))
        return 'done'
      case 'iseq':
        return args[0] === args[1] ? 'done' : 'failed'
      case 'isset':
        return args.join('') === '' ? 'failed' : 'done'
      case 'goto':
        return this.#goto(args[0]!)
      case 'kernel':
      case 'initrd':
      case 'chain':
        return this.#fetching(name, args.at(0)!, args.slice(1).join(' '))
      case 'imgargs':
        if (this.#kernel !== undefined) this.#kernel = { ...this.#kernel, args: args.slice(1).join(' ') }
        return 'done'
      case 'imgfree':
        this.#kernel = undefined
        this.#initrds = []
        return 'done'
      case 'sleep':
        await setTimeout(Number(args[0]) * 1000)
        return 'done'
      case 'boot':
        return this.#kernel === undefined ? 'failed' : 'boots'
      case 'exit':
        return 'ends'
      default:
        throw new Error(`the model of iPXE has no command ${JSON.stringify(name)}`)
    }
  }

  async #fetching(name: 'kernel' | 'initrd' | 'chain', url: string, args: string): Promise<Outcome> {
    try {
      const bytes = await this.#interpreter.fetch(url)
      if (name === 'kernel') this.#kernel = { url, args, bytes }
      if (name === 'initrd') this.#initrds.push({ url, bytes })
      if (name !== 'chain') return 'done'
      this.#lines = linesOf(new TextDecoder().decode(bytes))
      this.#at = 0
      return 'done'
    } catch (error) {
      this.#interpreter.echo(`${url}: ${String(error)}`)
      return 'failed'
    }
  }

  #goto(label: string): Outcome {
    const at = this.#lines.findIndex((line) => line.trim() === `:${label}`)
    if (at < 0) return 'failed'
    this.#at = at
    return 'done'
  }

  #expand(word: string): string {
    return word.replace(/\$\{([^}]*)\}/g, (_, name: string) => this.#settings.get(settingName(name)) ?? '')
  }
}

/** The words behind the options that come first; `--name` takes a word with it. */
function withoutOptions(words: readonly string[]): readonly string[] {
  if (words[0]?.startsWith('--') !== true) return words
  return withoutOptions(words.slice(words[0] === '--name' ? 2 : 1))
}

/** `tries:int32` is the setting `tries`, and how to write it. */
function settingName(name: string): string {
  return name.replace(/:(?:int|uint|hex|string|ipv4)\w*$/, '')
}

function linesOf(script: string): string[] {
  if (!/^#!(?:ipxe|gpxe)\b/.test(script)) throw new Error('not an iPXE script')
  return script.replaceAll('\\\n', '').split('\n')
}
