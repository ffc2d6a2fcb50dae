#!/usr/bin/env node
// Plain JavaScript for whatever Node (20 or later) a machine has: installs what the lockfile names when that is not installed yet,
// then runs the command on the Node that the lockfile pins.
import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { constants as os, homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PINNED_NODE = join(ROOT, 'node_modules/.bin/node')
const LEAST_NODE = 24

/** Ends with a message that says what to do. */
function refuse(message) {
  process.stderr.write(`reboots: ${message}\n`)
  process.exit(2)
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Installed is what pnpm wrote down at the end of the last installation. */
function isInstalled() {
  const wanted = textOf(join(ROOT, 'pnpm-lock.yaml'))
  if (wanted === undefined)
    refuse(`${join(ROOT, 'pnpm-lock.yaml')} is missing: this is not a whole copy of the repository`)
  return textOf(join(ROOT, 'node_modules/.pnpm/lock.yaml')) === wanted
}

/** npm and pnpm keep things below HOME; a service account or a container may have none that can be written. */
function withHome(env) {
  const home = env.HOME
  try {
    if (!home) throw new Error('unset')
    accessSync(home, constants.W_OK)
    return env
  } catch {
    const cache = join(ROOT, '.cache/home')
    mkdirSync(cache, { recursive: true })
    const xdg = { XDG_CACHE_HOME: join(cache, 'cache'), XDG_DATA_HOME: join(cache, 'data') }
    const more = { XDG_STATE_HOME: join(cache, 'state'), XDG_CONFIG_HOME: join(cache, 'config') }
    // Which registry to use may be written where nothing can be written.
    const userconfig = env.npm_config_userconfig ?? join(home || homedir(), '.npmrc')
    return {
      ...env,
      HOME: cache,
      npm_config_cache: join(cache, 'npm'),
      npm_config_userconfig: userconfig,
      ...xdg,
      ...more,
    }
  }
}

function install() {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const pnpm = packageManager.split('+')[0]
  process.stderr.write(`Installing what Reboots needs into ${join(ROOT, 'node_modules')} (once, with ${pnpm}) ...\n`)
  const started = Date.now()
  const args = [
    '-y',
    pnpm,
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    '--config.confirm-modules-purge=false',
  ]
  const result = spawnSync('npx', args, { cwd: ROOT, env: withHome(process.env), encoding: 'utf8' })
  if (result.error)
    refuse(`cannot run npx (${result.error.code}): install npm, which comes with Node.js, then run this again`)
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout}${result.stderr}`)
    refuse('the installation failed, see above; it needs the package registry once (see: npm config get registry)')
  }
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`)
}

/** The pinned Node is a package of its own, which does not exist for every platform. */
function findNode() {
  if (existsSync(PINNED_NODE)) return PINNED_NODE
  if (Number(process.versions.node.split('.')[0]) >= LEAST_NODE) return process.execPath
  const platform = `${process.platform} on ${process.arch}`
  return refuse(
    `there is no packaged Node.js for ${platform}, and this is ${process.version}: run it with Node.js ${LEAST_NODE} or later`,
  )
}

function run(node, args) {
  // What Node has made of our TypeScript: with it a service starts in half the time. Where it cannot be written there is none.
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(ROOT, 'node_modules/.cache/compiled')
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE,
    PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
  }
  // npm changes to the root of the repository; paths on the command line mean the directory the command was given in.
  const cwd = env.npm_lifecycle_event && env.INIT_CWD ? env.INIT_CWD : process.cwd()
  delete env.INIT_CWD
  // The channel tells the command when this process is gone, however it went.
  const child = spawn(node, [join(ROOT, 'packages/cli/src/main.ts'), ...args], {
    cwd,
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  child.on('error', (error) => refuse(`cannot run ${node}: ${error.message}`))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + os.signals[signal]))
}

if (!isInstalled()) install()
run(findNode(), process.argv.slice(2))
