import { ARCHITECTURES } from '@reboots/protocol/pxe'
import { FACT_SCHEMA, type FieldType } from './fact-schema.ts'
import { GUARD } from './guard.ts'
import { LIMITS } from './limits.ts'
import { PROFILE_KINDS, type ProfileKey } from './parse-profile-kind.ts'
import { OTHERWISE } from './policy.ts'

/** A JSON Schema, draft 7, which is what editors know best. */
export interface Schema {
  readonly [keyword: string]: unknown
}

/** A mapping of which only these keys may be there. */
function record(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return { description, type: 'object', additionalProperties: false, required, properties }
}

function named(description: string, value: Schema, most: number): Schema {
  const propertyNames = { minLength: 1, maxLength: LIMITS.nameCharacters, pattern: '\\S' }
  return { description, type: 'object', maxProperties: most, propertyNames, additionalProperties: value }
}

function text(description: string, maxLength: number, more: Schema = {}): Schema {
  return { description, type: 'string', maxLength, ...more }
}

function list(description: string, items: Schema, maxItems: number): Schema {
  return { description, type: 'array', items, maxItems }
}

const use = (name: string): Schema => ({ $ref: `#/definitions/${name}` })
const exactlyOne = (keys: readonly string[]): Schema => ({ oneOf: keys.map((key) => ({ required: [key] })) })

const LINE = {
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*\\S[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$',
}
const SCREEN = { pattern: '^[ -~]*[!-~][ -~]*$' }
const NAME = { minLength: 1, pattern: '\\S' }
const expression = (description: string): Schema => text(description, LIMITS.expressionCharacters)
const url = expression('A URL, or a path below ipxe-http; {{ expression }} is replaced by its value')
const bootFile = text('Name of a boot file on the TFTP server', LIMITS.bootFileCharacters, { pattern: '^[!-~]+$' })
const reason = text('Why, in one line: in the log, and on the screen', LIMITS.reasonCharacters, LINE)
const nameOf = (what: string): Schema => text(`Name of a ${what}`, LIMITS.nameCharacters)
const duration = text('A time such as 1h30m', LIMITS.nameCharacters, { pattern: '^(?=.)(\\d+h)?(\\d+m)?(\\d+s)?$' })

const OWN_OUTCOMES: readonly Schema[] = [
  { enum: ['local-disk', 'ignore'] },
  record('A profile', { boot: nameOf('profile') }, ['boot']),
  record('Whoever sits there chooses', { menu: nameOf('menu') }, ['menu']),
  record('No network boot; firmware goes on to the next device', { deny: reason }, ['deny']),
  record('Silence, as if no server were there', { ignore: reason }, ['ignore']),
]
const ownOutcome: Schema = { description: 'What the machine gets, with nobody else asked', oneOf: OWN_OUTCOMES }

const server = text("A server that speaks pixiecore's boot API", LIMITS.reasonCharacters, {
  pattern: '^[hH][tT][tT][pP][sS]?://[^\\s/?#@]+(/[^\\s?#]*)?$',
})
const ask = { ask: server, within: duration, keep: duration, otherwise: use('ownOutcome') }
const outcome: Schema = {
  description: 'What the machine gets',
  oneOf: [...OWN_OUTCOMES, record("What an operator's own server says", ask, ['ask'])],
}

const bootFiles: Schema = {
  description: 'The boot file of every firmware, or one for each',
  anyOf: [
    bootFile,
    {
      ...record('By firmware', Object.fromEntries(ARCHITECTURES.map(({ firmware }) => [firmware, bootFile]))),
      minProperties: 1,
    },
  ],
}
const templates = (what: string): Schema => ({
  anyOf: [expression(what), list(what, expression(what), LIMITS.listItems)],
})
const loader = record('A boot loader that firmware loads, and what it reads', {
  file: bootFiles,
  config: text('Configuration, a template', LIMITS.scriptCharacters),
})

const KINDS: Readonly<Record<ProfileKey, Schema>> = {
  linux: record('A kernel', { kernel: url, initrd: templates('Initial RAM disks'), args: templates('Arguments') }),
  ipxe: {
    ...record('A script of iPXE', {
      script: text('Text of the script, a template', LIMITS.scriptCharacters),
      recordScript: { description: 'The script in the hardware record', const: true },
    }),
    ...exactlyOne(['script', 'recordScript']),
  },
  chain: url,
  nbp: bootFiles,
  uefiHttp: url,
  iso: url,
  grub: loader,
  pxelinux: loader,
}

const profile: Schema = {
  ...record('What can be booted', {
    extends: nameOf('profile that this one is like'),
    vars: {
      description: 'Texts that the templates name as vars.name',
      type: 'object',
      maxProperties: LIMITS.listItems,
      propertyNames: { pattern: '^[A-Za-z][A-Za-z0-9_]*$' },
      additionalProperties: expression('A template'),
    },
    ...KINDS,
  }),
  anyOf: [
    // It may leave out what kind it is, and the rest of it.
    { required: ['extends'], not: { anyOf: pairs(PROFILE_KINDS) } },
    {
      ...exactlyOne(PROFILE_KINDS),
      properties: {
        linux: { required: ['kernel'] },
        grub: { required: ['file', 'config'] },
        pxelinux: { required: ['file', 'config'] },
      },
    },
  ],
}

function pairs(keys: readonly string[]): Schema[] {
  return keys.flatMap((one, index) => keys.slice(index + 1).map((other) => ({ required: [one, other] })))
}

const address = { type: 'string', pattern: '^\\d{1,3}(\\.\\d{1,3}){3}$' }
const menuEntry: Schema = {
  ...record(
    'One line of a menu',
    {
      title: text('What the screen says, printable ASCII', LIMITS.nameCharacters, SCREEN),
      boot: text('Name of a profile, or local-disk', LIMITS.nameCharacters),
      file: bootFile,
      type: { description: 'Type of a PXE boot server that is not ours', type: 'integer', minimum: 1, maximum: 65_534 },
      server: { description: 'Its address', anyOf: [address, list('Its addresses', address, LIMITS.listItems)] },
    },
    ['title'],
  ),
  ...exactlyOne(['boot', 'file', 'type']),
  dependencies: { server: ['type'] },
}

const menu = record(
  'What a person may choose from',
  {
    prompt: text('What the screen says meanwhile', LIMITS.nameCharacters, SCREEN),
    timeoutSeconds: {
      description: 'Then the first entry is taken',
      anyOf: [{ type: 'integer', minimum: 0, maximum: 254 }, { const: 'forever' }],
    },
    entries: { ...list('The first is the default', use('menuEntry'), LIMITS.listItems), minItems: 1 },
  },
  ['timeoutSeconds', 'entries'],
)

const guard = record(
  'What a machine gets that boots too often',
  {
    boots: { description: 'So many network boots', type: 'integer', minimum: 1, maximum: LIMITS.keptBoots },
    within: { ...duration, description: 'In this time, such as 1h' },
    // oxlint-disable-next-line unicorn/no-thenable -- a key of the document
    then: use('outcome'),
  },
  ['boots', 'within', 'then'],
)

const rule: Schema = {
  ...record(
    'Decides if its condition is true and no rule before it has decided',
    {
      name: text('No two alike', LIMITS.nameCharacters, { ...NAME, not: { enum: [OTHERWISE, GUARD] } }),
      when: { description: 'A condition in CEL', type: ['string', 'boolean'], maxLength: LIMITS.expressionCharacters },
      once: { description: 'Until the operating system has said that it runs', type: 'boolean' },
      // oxlint-disable-next-line unicorn/no-thenable -- a key of the document
      then: use('outcome'),
      guard: use('guard'),
      also: record(
        'What goes with it, whatever is decided',
        { class: text('A DHCP class', LIMITS.nameCharacters, NAME) },
        ['class'],
      ),
    },
    ['name', 'when'],
  ),
  anyOf: [{ required: ['then'] }, { required: ['also'] }],
}

const FIELDS: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int: { type: 'integer' },
  'list<string>': { type: 'array', items: { type: 'string' } },
  'map<string, string>': { type: 'object', additionalProperties: { type: 'string' } },
  'map<string, dyn>': { type: 'object' },
}

function facts(description: string, fields: { readonly [field: string]: FieldType }): Schema {
  const properties = Object.entries(fields).map(
    ([name, type]) => [name, typeof type === 'string' ? FIELDS[type]! : facts(name, type)] as const,
  )
  return record(description, Object.fromEntries(properties))
}

const given = record('Facts; what is left out is empty', {
  client: facts('The client; without more an x86-64 UEFI machine', FACT_SCHEMA.client),
  network: facts('Where its packet came from', FACT_SCHEMA.network),
  machine: facts('Its hardware record', FACT_SCHEMA.machine),
  history: record('What it booted before', {
    boots: list('How long ago each boot was', duration, LIMITS.keptBoots),
    profile: nameOf('profile that it got last'),
    booted: { description: 'Its operating system has said that it runs', type: 'boolean' },
    finished: list('Profiles it has booted from', nameOf('profile'), LIMITS.finishedProfiles),
  }),
  now: text('A time such as 2026-01-31T08:00:00Z', LIMITS.nameCharacters, {
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d',
  }),
})

const policyTest = record(
  'What has to come out for some facts',
  {
    name: text('No two alike', LIMITS.nameCharacters, NAME),
    given: use('facts'),
    expect: {
      description: 'The outcome; deny and ignore for any reason',
      anyOf: [{ enum: ['deny', 'ignore'] }, use('outcome')],
    },
    rule: nameOf('rule that has to decide, or otherwise, or guard'),
    class: text('The DHCP class that has to come out, or nothing for none', LIMITS.nameCharacters),
  },
  ['name', 'expect'],
)

/**
 * What a policy document looks like, for editors and validators. It says all that can be said without looking into expressions and at
 * two places together: `parsePolicy` refuses whatever this refuses, and more.
 */
export const POLICY_SCHEMA: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://reboots.invalid/policy.schema.json',
  title: 'BootPolicy',
  ...record(
    'Which machine may boot from the network, and what it gets',
    {
      apiVersion: { const: 'reboots/v1' },
      kind: { const: 'BootPolicy' },
      metadata: { description: 'Read by nobody', type: 'object' },
      profiles: named('What can be booted, by name', use('profile'), LIMITS.profiles),
      menus: named('What a person may choose from, by name', use('menu'), LIMITS.menus),
      guard: use('guard'),
      rules: list('The first that is true decides', use('rule'), LIMITS.rules),
      otherwise: use('outcome'),
      tests: list('The policy is accepted if all of them pass', use('test'), LIMITS.tests),
    },
    ['apiVersion', 'kind', 'rules', 'otherwise'],
  ),
  definitions: { ownOutcome, outcome, profile, menu, menuEntry, guard, rule, facts: given, test: policyTest },
}
