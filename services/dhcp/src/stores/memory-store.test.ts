import { leaseStoreContract } from './contract.fixture.ts'
import { openMemoryStore } from './memory-store.ts'

leaseStoreContract('memory', async () => openMemoryStore())
