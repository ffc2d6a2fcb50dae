export interface LineStyle {
  readonly color: boolean
}

/** Fields that say less than the rest of their line. */
const LEFT_OUT = new Set(['time', 'level', 'service', 'msg', 'err', 'pid', 'hostname'])

const LEVEL_COLORS: Readonly<Record<string, string>> = {
  fatal: '\x1b[31;1m',
  error: '\x1b[31m',
  warn: '\x1b[33m',
  debug: '\x1b[2m',
  trace: '\x1b[2m',
}

/** A log record for people: time of day, service, message, then the fields; colour by severity. The stack of an error follows on its own lines. */
export function formatLogLine(record: Readonly<Record<string, unknown>>, style: LineStyle): string {
  const time = /T(\d\d:\d\d:\d\d\.\d\d\d)/.exec(textOf(record['time']))?.[1] ?? ''
  const service = textOf(record['service']).padEnd(12)
  const level = textOf(record['level'] ?? 'info')
  const mark = level === 'info' ? '' : `${level.toUpperCase()} `
  const fields = Object.entries(record)
    .filter(([key, value]) => !LEFT_OUT.has(key) && value !== undefined && value !== '')
    .map(([key, value]) => paint(`${key}=`, '\x1b[2m', style) + shown(value))
  const message = paint(`${mark}${printable(textOf(record['msg']))}`, LEVEL_COLORS[level] ?? '', style)
  const line = [paint(time, '\x1b[2m', style), paint(service, '\x1b[36m', style), message, ...fields].join(' ')
  return line.trimEnd() + errorLines(record['err'])
}

function errorLines(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const { stack, message } = error as { readonly stack?: string; readonly message?: string }
  const lines = (stack ?? message ?? '').split('\n')
  return lines.map((line) => `\n    ${printable(line)}`).join('')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function shown(value: unknown): string {
  if (typeof value === 'string' && /^[\w.,:;/@%+~()-]+$/.test(value)) return value
  return printable(JSON.stringify(value) ?? '')
}

/** Text that came from a peer must not move the cursor of the terminal that shows it. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
}

function paint(text: string, code: string, style: LineStyle): string {
  return style.color && code !== '' && text !== '' ? `${code}${text}\x1b[0m` : text
}
