/** What the REST API takes and gives, as JSON Schema: requests are checked and answers written by it, and the OpenAPI document is made of it. */

const text = (description: string) => ({ type: 'string', description }) as const
const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const
const record = <P extends object>(properties: P, required: readonly (keyof P & string)[] = []) =>
  ({ type: 'object', properties, required: [...required], additionalProperties: false }) as const
const list = <I>(items: I, description = '') => ({ type: 'array', items, ...(description && { description }) }) as const
const ref = (name: string) => ({ $ref: `${name}#` }) as const

const VERSION = 'A version or the beginning of one (4 digits or more), or a revision as #7'

const version = {
  revision: count('Counts what came into force, never used twice'),
  version: text('Content hash of the document'),
  at: { type: 'string', format: 'date-time' },
  by: text('Who put it in force, as they call themselves'),
  why: text('Why'),
  origin: { type: 'string', enum: ['shipped', 'file', 'apply', 'rollback'] },
  rules: count('Rules in it'),
  tests: count('Tests in it'),
} as const
const VERSION_KEYS = Object.keys(version) as (keyof typeof version)[]

const problem = {
  source: text('The document, as the request calls it'),
  line: { type: 'integer', minimum: 1 },
  column: { type: 'integer', minimum: 1 },
  path: text('Place in the document, rules[2].when'),
  message: text('What is wrong'),
} as const

const document = text('The policy, YAML')
const source = text('What problems call the document; policy if it is absent')
const account = { by: { ...text('Who does it'), minLength: 1 }, why: text('Why; kept with the version') }
const signature = text('Detached Ed25519 signature of the document, base64')

const client = {
  mac: text('MAC address, in any notation'),
  arch: { type: 'integer', minimum: 0, maximum: 65_535, description: 'Architecture type, DHCP option 93 (RFC 4578)' },
  transport: { type: 'string', enum: ['', 'PXEClient', 'HTTPClient'] },
  loader: { type: 'string', enum: ['', 'firmware', 'ipxe'] },
  uuid: text('Option 97'),
  vendorClass: text('Option 60'),
  userClass: list({ type: 'string' }, 'Option 77'),
  link: text('Interface of the server'),
  giaddr: text('Address of the relay agent'),
  circuitId: text('Option 82.1, hexadecimal'),
  remoteId: text('Option 82.2, hexadecimal'),
  relayFlags: list({ type: 'string' }, 'unicast or broadcast, RFC 5010'),
  clientId: text('Option 61, hexadecimal'),
  machineId: text('Id of the hardware record; absent: found as dhcp would'),
} as const

const tried = {
  rule: text('Its name'),
  matched: { type: 'boolean' },
  condition: text('As written'),
  why: text('The clause that was false, or why it could not be evaluated'),
} as const

const difference = {
  before: text('What they get now'),
  after: text('What they would get'),
  machines: count('How many'),
  clients: list({ type: 'string' }, 'The ways to ask in which it makes a difference'),
  examples: list({ type: 'string' }, 'Ids of the first of them'),
} as const

const DIFFERENCE = record(difference, ['before', 'after', 'machines', 'clients', 'examples'])

/** By their names in the OpenAPI document. */
export const SCHEMAS = [
  { $id: 'Version', ...record(version, VERSION_KEYS) },
  { $id: 'Problem', ...record(problem, ['source', 'line', 'column', 'path', 'message']) },
  {
    $id: 'Document',
    ...record({ ...version, document, inForce: { type: 'boolean' } }, [...VERSION_KEYS, 'document', 'inForce']),
  },
  {
    $id: 'Versions',
    ...record({ versions: list(ref('Version')), source: text('Where the policy comes from') }, ['versions', 'source']),
  },
  {
    $id: 'Applied',
    ...record({ version: ref('Version'), unchanged: { type: 'boolean' }, warnings: list(ref('Problem')) }, [
      'version',
      'unchanged',
      'warnings',
    ]),
  },
  {
    $id: 'Checked',
    ...record(
      {
        accepted: { type: 'boolean' },
        problems: list(ref('Problem'), 'What keeps it from being accepted'),
        warnings: list(ref('Problem'), 'What is allowed and most likely not meant'),
        version: text('The version it would be; empty if it is not accepted'),
        rules: count('Rules in it'),
        tests: count('Tests that passed'),
      },
      ['accepted', 'problems', 'warnings', 'version', 'rules', 'tests'],
    ),
  },
  {
    $id: 'Explained',
    ...record(
      {
        outcome: { type: 'string', enum: ['boot', 'menu', 'local-disk', 'deny', 'ignore'] },
        detail: text('The profile, the menu, or the reason'),
        rule: text('The rule that decided'),
        version: text('Of the policy'),
        trace: list(record(tried, ['rule', 'matched', 'condition', 'why']), 'Each rule that was tried'),
        machineKnown: { type: 'boolean' },
        dhcpClass: text('The DHCP class that rules give'),
      },
      ['outcome', 'detail', 'rule', 'version', 'trace', 'machineKnown'],
    ),
  },
  {
    $id: 'Impact',
    ...record(
      {
        before: text('The version in force'),
        after: text('The version of the document'),
        machines: count('Machines that were decided on'),
        changed: count('Those for which there is a difference'),
        differences: list(DIFFERENCE),
        clients: list({ type: 'string' }, 'The ways to ask that were tried'),
        assumed: list({ type: 'string' }, 'Facts that only a packet has: taken as empty'),
      },
      ['before', 'after', 'machines', 'changed', 'differences', 'clients', 'assumed'],
    ),
  },
  {
    $id: 'Shadow',
    ...record(
      {
        before: text('The version in force'),
        after: text('The version that is tried out'),
        since: { type: 'string', format: 'date-time' },
        by: text('Who does it'),
        why: text('Why'),
        decisions: count('Decisions that were made under both'),
        leftOut: count('Those that were too many for that'),
        changed: count('Machines for which some decision would have been another'),
        differences: list(DIFFERENCE),
      },
      ['before', 'after', 'since', 'by', 'why', 'decisions', 'leftOut', 'changed', 'differences'],
    ),
  },
  {
    $id: 'Trying',
    ...record({ version: text('The version that is tried out; empty: none is') }, ['version']),
  },
  {
    $id: 'Refusal',
    description: 'RFC 9457',
    ...record(
      {
        title: text('The kind of refusal'),
        status: { type: 'integer' },
        detail: text('Why'),
        problems: list(ref('Problem'), 'Of the document, if it is not accepted'),
      },
      ['title', 'status', 'detail'],
    ),
  },
] as const

export const BODIES = {
  document: record({ document, source, signature }, ['document']),
  apply: record({ document, source, signature, ...account }, ['document', 'by']),
  rollback: record({ version: text(`${VERSION}; absent: the one before`), ...account }, ['by']),
  shadow: record({ document, source, ...account }, ['document', 'by']),
  explain: record({ client: record(client, ['mac']), version: text(VERSION), document, source }, ['client']),
  impact: record({ document, source, examples: count('How many machines are named of each difference; 10') }, [
    'document',
  ]),
} as const

export const QUERIES = {
  list: record({ limit: count('At most so many; 100'), before: count('Only those before this revision') }),
} as const

export const PARAMS = { version: record({ version: text(VERSION) }, ['version']) } as const

export const HEADERS = {
  ifMatch: {
    type: 'object',
    properties: { 'if-match': text('The version that is to be replaced, as its ETag; * for whichever is in force') },
  },
} as const

export { ref }
