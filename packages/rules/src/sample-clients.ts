import type { ASTNode } from '@marcbachmann/cel-js'
import { architecture, ARCHITECTURES } from '@reboots/protocol/pxe'
import { describedClientFacts } from './client-facts.ts'
import { operandsOf } from './expression/operands.ts'
import { conditionsOf, factsRead, factsReadBy } from './facts-read.ts'
import type { ClientFacts } from './facts.ts'
import type { Policy } from './policy.ts'
import { literalOf } from './rule-index.ts'

/** One way in which a machine may ask. */
export interface SampleClient {
  /** For people: `uefi-x64`, `uefi-x64 by http`, `uefi-x64, iPXE`. */
  readonly name: string
  /** Of no machine in particular. */
  readonly facts: ClientFacts
}

/** What most machines are. */
const USUAL_ARCH = 7

/**
 * The ways to ask that may make a difference to some rule of these policies: every firmware and transport if one looks at either, else
 * x86-64 UEFI; and iPXE besides firmware if one looks at what tells them apart.
 */
export function sampleClients(policies: readonly Policy[]): readonly SampleClient[] {
  const conditions = policies.flatMap(conditionsOf)
  const read = factsReadBy(policies)
  const reads = (...names: string[]): boolean => names.some((name) => read.has(name))
  const types = reads('client.arch', 'client.firmware', 'client.transport') ? typesFor(conditions) : [USUAL_ARCH]
  const stages = reads('client.loader', 'client.userClass') ? (['firmware', 'ipxe'] as const) : (['firmware'] as const)
  return types.flatMap((arch) => stages.map((loader) => sample(arch, loader)))
}

function sample(arch: number, loader: 'firmware' | 'ipxe'): SampleClient {
  const userClass = loader === 'ipxe' ? ['iPXE'] : []
  const facts = describedClientFacts({ mac: '', arch, loader, userClass })
  const stage = loader === 'ipxe' ? ', iPXE' : ''
  return { name: `${architecture(arch)?.name ?? `type ${arch}`}${stage}`, facts }
}

/** The first type of each firmware and transport, and those that rules name by number. */
function typesFor(conditions: readonly ASTNode[]): number[] {
  const kinds = new Map<string, number>()
  for (const { type, firmware, transport } of ARCHITECTURES.toReversed())
    if (firmware !== 'other') kinds.set(`${firmware} ${transport}`, type)
  const named = conditions
    .filter((condition) => factsRead(condition).has('client.arch'))
    .flatMap((condition) => numbersIn(condition))
  return [...new Set([...kinds.values(), ...named])].toSorted((one, other) => one - other)
}

function numbersIn(node: ASTNode): number[] {
  const value = literalOf(node)
  if (typeof value === 'number') return value >= 0 && value <= 0xffff ? [value] : []
  return operandsOf(node).flatMap(numbersIn)
}
