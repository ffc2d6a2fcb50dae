import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectFiles, read } from './tree.ts'

/** Text of `type NAME = …` declarations, by name, over the services and the packages they take reasons from. */
function unions(prefix: string): Map<string, string> {
  const found = new Map<string, string>()
  const files = projectFiles().filter(
    (file) => file.startsWith(prefix) && file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  for (const file of files) {
    const code = read(file)
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\/\/.*$/gm, '')
    for (const match of code.matchAll(
      /\btype (\w*Silence)\s*=([\s\S]*?)(?=\n(?:export|import|type|interface|const|function|\}|$))/g,
    )) {
      found.set(match[1]!, match[2]!)
    }
  }
  return found
}

function reasons(name: string, own: Map<string, string>, shared: Map<string, string>): string[] {
  const text = own.get(name) ?? shared.get(name) ?? ''
  const literals = [...text.matchAll(/'([^']+)'/g)].map((match) => match[1]!)
  const others = [...text.matchAll(/\b(\w+Silence)\b/g)].map((match) => match[1]!).filter((other) => other !== name)
  return [...literals, ...others.flatMap((other) => reasons(other, own, shared))]
}

const SHARED = new Map([
  ...unions('packages/rules/src'),
  ...unions('packages/protocol/src'),
  ...unions('packages/runtime/src'),
])

for (const service of ['dhcp', 'proxydhcp', 'tftp']) {
  test(`every silence of ${service} is explained in its README`, () => {
    const own = unions(`services/${service}/src`)
    const due = reasons('Silence', own, SHARED)
    assert.ok(due.length >= 3, `services/${service} declares its silences as \`type Silence = …\`; found ${due.length}`)
    const readme = read(`services/${service}/README.md`)
    const section = (reason: string) => readme.includes('`' + reason + '`', readme.indexOf('## Silences'))
    assert.notEqual(readme.indexOf('## Silences'), -1)
    assert.deepEqual(
      due.filter((reason) => !section(reason)),
      [],
    )
  })
}
