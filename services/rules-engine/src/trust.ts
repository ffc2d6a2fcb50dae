import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DEFAULT_POLICY } from '@reboots/rules'
import { OperatorError } from '@reboots/runtime'
import type { SignedDocument } from './ports.ts'

/** Octets of an Ed25519 signature, RFC 8032 §5.1.6. */
export const SIGNATURE_OCTETS = 64

export interface Trust {
  /** Why nobody who is trusted vouches for a document; undefined if somebody does, or nobody has to. */
  reasonAgainst(signed: SignedDocument): string | undefined
}

export const TRUST_ALL: Trust = { reasonAgainst: () => undefined }

/** Believes what one of the keys has signed, Ed25519 over the UTF-8 of the document; and the policy that ships, which is part of this program. */
export function trustKeys(keys: readonly KeyObject[]): Trust {
  return {
    reasonAgainst({ document, signature }) {
      if (document === DEFAULT_POLICY) return undefined
      if (signature.length === 0) return 'is not signed, and only signed policies are accepted here'
      if (signature.length !== SIGNATURE_OCTETS)
        return `its signature has ${signature.length} octets; one of Ed25519 has ${SIGNATURE_OCTETS}`
      const octets = Buffer.from(document, 'utf8')
      if (keys.some((key) => verify(null, octets, key, signature))) return undefined
      return `its signature is by none of the ${keys.length} trusted keys, or the document was changed after it was signed`
    },
  }
}

/**
 * Ed25519 public keys in PEM, a file each, as `openssl pkey -pubout` writes them.
 * @throws OperatorError for a file that holds none
 */
export function readPublicKeys(files: readonly string[]): KeyObject[] {
  return files.map((file) => {
    let why = 'it is not for Ed25519'
    try {
      const key = createPublicKey(readFileSync(file))
      if (key.asymmetricKeyType === 'ed25519') return key
    } catch (error) {
      why = (error as Error).message
    }
    throw new OperatorError(
      `${file} is no public key that policies can be signed with: ${why}`,
      'Make a pair with: openssl genpkey -algorithm ed25519 -out private.pem; openssl pkey -in private.pem -pubout -out public.pem',
    )
  })
}

/** A signature as it is kept in files: its octets, or their base64 in a line. What is neither is handed on, to be refused with its length. */
export function readSignature(bytes: Uint8Array): Uint8Array {
  if (bytes.length === SIGNATURE_OCTETS) return bytes
  const decoded = Buffer.from(Buffer.from(bytes).toString('latin1'), 'base64')
  return decoded.length === SIGNATURE_OCTETS ? new Uint8Array(decoded) : bytes
}
