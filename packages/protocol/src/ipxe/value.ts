/**
 * What may be put into a line of an iPXE script. iPXE splits a line at white space first, takes the words `||`, `&&` and `;` for
 * separators and a word that begins with `#` for a comment, joins a line that ends in `\` to the next one, and only then
 * expands `${…}` inside each word. There are no quotes and no escapes: what cannot be said has to be refused.
 */

/** Why a value cannot be put into a script. A closed set, so that it can be a metric label. */
export type IpxeValueReason =
  | 'empty'
  | 'control-character'
  | 'not-ascii'
  | 'space'
  | 'quote'
  | 'expansion'
  | 'separator'
  | 'comment'
  | 'option'
  | 'continuation'

/** A value that would be more than a value in the script. The message does not repeat it: it may be a password. */
export class IpxeValueError extends Error {
  override readonly name = 'IpxeValueError'
  readonly reason: IpxeValueReason

  constructor(reason: IpxeValueReason) {
    super(`not usable in an iPXE script: ${SENTENCES[reason]}`)
    this.reason = reason
  }
}

const SENTENCES: Readonly<Record<IpxeValueReason, string>> = {
  empty: 'the value is empty',
  'control-character': 'the value holds a line break or another control character',
  'not-ascii': 'the value holds a character outside ASCII',
  space: 'the value holds a space, and iPXE has no way to write one',
  quote: 'the value holds a quotation mark',
  expansion: 'the value holds ${, which iPXE would expand',
  separator: 'the value holds the word ||, && or ;',
  comment: 'the value holds a word that begins with #',
  option: 'the value begins with - and would be taken for an option',
  continuation: 'the value ends in a backslash and would swallow the next line',
}

/** Text whose author may use `${…}`, spaces and paired double quotes: the operator's policy and configuration. */
export interface Trusted {
  readonly trusted: string
}

/** A plain string comes from the network or a hardware record and is taken literally, or refused. */
export type Value = string | Trusted

/** Marks text as written by the operator. It still cannot add a line or a command. */
export function trusted(text: string): Trusted {
  return { trusted: text }
}

/** A value as one word of a line (a trusted one: as its words). Throws IpxeValueError. */
export function word(value: Value): string {
  return typeof value === 'string' ? literal(value) : operators(value.trusted)
}

/** A value where iPXE looks for options as well, so that it must not begin with `-`. Throws IpxeValueError. */
export function firstWord(value: Value): string {
  const text = word(value)
  // iPXE passes over the blanks in front.
  if (text.trimStart().startsWith('-')) throw new IpxeValueError('option')
  return text
}

/**
 * A URL or path as one word. Whatever RFC 3986 does not allow is percent-encoded as UTF-8, which also takes the meaning
 * from everything iPXE would act on. Throws IpxeValueError when it is empty or not Unicode text.
 */
export function url(value: Value): string {
  if (typeof value !== 'string') {
    const text = firstWord(value)
    if (text.includes(' ')) throw new IpxeValueError('space')
    return text
  }
  if (value === '') throw new IpxeValueError('empty')
  const encoded = value.replace(/%(?![0-9a-f]{2})|[^A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]+/gi, percentEncoded)
  return /^[#;&-]/.test(encoded) ? percentEncodedAscii(encoded[0]!) + encoded.slice(1) : encoded
}

/** Text for people, changed as little as it takes to be shown and nothing else: never throws. */
export function shown(value: Value): string {
  if (typeof value !== 'string') return firstWord(value)
  const plain = value
    .replace(/\s+/g, ' ')
    .replace(/[^ -~]/g, '?')
    .replaceAll('${', '$ {')
    .trim()
  return plain.split(' ').map(quotedIfSpecial).join(' ')
}

/** A setting, label or image name; names come from our own code, so anything unusual in one is a mistake. */
export function identifier(name: string): string {
  if (!/^[A-Za-z][A-Za-z0-9_./-]*(?::[a-z0-9]+)?$/.test(name)) throw new RangeError('not a name for an iPXE script')
  return name
}

function literal(value: string): string {
  refuseUnprintable(value)
  if (value.includes(' ')) throw new IpxeValueError('space')
  if (/["']/.test(value)) throw new IpxeValueError('quote')
  if (value.includes('${')) throw new IpxeValueError('expansion')
  refuseSpecial(value)
  return value
}

function operators(value: string): string {
  refuseUnprintable(value)
  if (value.split('"').length % 2 === 0) throw new IpxeValueError('quote')
  for (const each of value.split(' ')) refuseSpecial(each)
  return value
}

function refuseUnprintable(value: string): void {
  if (value.trim() === '') throw new IpxeValueError('empty')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(value)) throw new IpxeValueError('control-character')
  if (/[^ -~]/.test(value)) throw new IpxeValueError('not-ascii')
}

function refuseSpecial(each: string): void {
  if (SEPARATORS.has(each)) throw new IpxeValueError('separator')
  if (each.startsWith('#')) throw new IpxeValueError('comment')
  if (each.endsWith('\\')) throw new IpxeValueError('continuation')
}

/** A quotation mark means nothing to iPXE, but behind one the word is no longer special. */
function quotedIfSpecial(each: string): string {
  const special = SEPARATORS.has(each) || /^[#-]/.test(each) || each.endsWith('\\')
  return special ? `'${each}'` : each
}

const SEPARATORS: ReadonlySet<string> = new Set(['||', '&&', ';'])

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text).replace(/[!'()*]/g, percentEncodedAscii)
  } catch {
    throw new IpxeValueError('not-ascii')
  }
}

function percentEncodedAscii(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
