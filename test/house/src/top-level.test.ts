import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectFiles, read } from './tree.ts'

const FILES = projectFiles()

test('the top level holds the seven entries, dot files, and the files tools insist on', () => {
  const visible = [...new Set(FILES.map((file) => file.split('/')[0]!))].filter((name) => !name.startsWith('.')).sort()
  assert.deepEqual(visible, [
    'README.md',
    'deploy',
    'package.json',
    'packages',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'services',
    'test',
    'tsconfig.json',
  ])
})

test('no file names a registry host or a place on one particular machine', () => {
  const forbidden = [
    ['registry', 'npmjs'].join('.'),
    ['deb', 'debian.org'].join('.'),
    ...['work/main', 'work/shared', 'root/.'].map((place) => `/${place}`),
  ]
  const found = FILES.filter((file) => /\.(ts|mjs|js|json|ya?ml|md|sh|proto|txt)$|^\.ci\//.test(file)).flatMap(
    (file) => {
      const text = read(file)
      return forbidden.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`)
    },
  )
  assert.deepEqual(found, [])
})

test('versions are pinned: no dependency names a range', () => {
  const loose = FILES.filter((file) => file.endsWith('package.json')).flatMap((file) => {
    const manifest = JSON.parse(read(file)) as Record<string, Record<string, string> | undefined>
    return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
      Object.entries(manifest[group] ?? {})
        .filter(([, version]) => !/^(\d+\.\d+\.\d+[\w.+-]*|workspace:\*)$/.test(version))
        .map(([name, version]) => `${file}: ${name} ${version}`),
    )
  })
  assert.deepEqual(loose, [])
})

test('every dependency of a package or service is imported there', () => {
  const idle = FILES.filter((file) => /^(packages|services)\/[^/]+\/package\.json$/.test(file)).flatMap((file) => {
    const room = file.slice(0, -'package.json'.length)
    const manifest = JSON.parse(read(file)) as Record<string, Record<string, string> | undefined>
    const sources = FILES.filter((one) => one.startsWith(room) && /\.(ts|mjs|yaml)$/.test(one)).map(read)
    return ['dependencies', 'devDependencies', 'optionalDependencies']
      .flatMap((group) => Object.keys(manifest[group] ?? {}))
      .filter(
        (name) =>
          !sources.some((text) =>
            [`'${name}'`, `'${name}/`, `"${name}"`, `"${name}/`].some((quoted) => text.includes(quoted)),
          ),
      )
      .map((name) => `${file}: ${name}`)
  })
  assert.deepEqual(idle, [])
})

test('a source file of more than 300 lines says why in its head', () => {
  const long = FILES.filter(
    (file) => /^(packages|services|test)\/.*\.ts$/.test(file) && !/\.test\.ts$|\/gen\//.test(file),
  ).filter((file) => {
    const lines = read(file).split('\n')
    return lines.length > 301 && !/longer than 300 lines/i.test(lines.slice(0, 40).join('\n'))
  })
  assert.deepEqual(long, [])
})

test('every service has the six sections in its README, in order', () => {
  const wrong = FILES.filter((file) => /^services\/[^/]+\/package\.json$/.test(file)).filter((file) => {
    const readme = read(file.replace('package.json', 'README.md'))
    const headings = [...readme.matchAll(/^## (.+)$/gm)].map((match) => match[1]!)
    const due = ['What it answers', 'Configuration', 'Silences', 'Metrics', 'Deviations']
    const positions = due.map((heading) => headings.indexOf(heading))
    return positions.some((at, i) => at < 0 || (i > 0 && at < positions[i - 1]!)) || !readme.startsWith('# ')
  })
  assert.deepEqual(wrong, [])
})

test('main.ts of a service is wiring: under 60 lines', () => {
  const mains = FILES.filter((file) => /^services\/[^/]+\/src\/main\.ts$/.test(file))
  assert.equal(mains.length, 6)
  assert.deepEqual(
    mains.filter((file) => read(file).split('\n').length > 60),
    [],
  )
})
