import { readdirSync, readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** The top of the checkout. */
export const ROOT = path.resolve(import.meta.dirname, '../../..')

/** Files of the project, as git sees them (tracked, or new and not ignored); every file below the top where there is no git. */
export function projectFiles(): string[] {
  try {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const present = new Set(readdirSync(ROOT))
    return [...new Set(listed.split('\0'))]
      .filter((file) => file !== '' && present.has(file.split('/')[0]!))
      .filter(exists)
  } catch {
    return walk('')
  }
}

export function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}

function exists(file: string): boolean {
  try {
    readFileSync(path.join(ROOT, file))
    return true
  } catch {
    return false
  }
}

function walk(directory: string): string[] {
  return readdirSync(path.join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const name = directory === '' ? entry.name : `${directory}/${entry.name}`
    if (entry.name === 'node_modules' || entry.name === '.git' || entry.name === '.cache') return []
    if (entry.isDirectory()) return walk(name)
    return entry.isFile() ? [name] : []
  })
}
