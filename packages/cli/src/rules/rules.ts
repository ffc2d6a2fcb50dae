import type { Command } from '../command.ts'
import { rulesArguments, type Action, type RulesArguments } from './arguments.ts'
import { Declined, PolicyApi } from './call.ts'
import { apply, rollback } from './change.ts'
import { explain } from './explain.ts'
import { diff, history, show } from './history.ts'
import { impact } from './impact.ts'
import { shadow } from './shadow.ts'
import { check, lint, test } from './local.ts'

export const rules: Command = {
  name: 'rules',
  summary: 'the boot policy: check, test, lint, diff, apply, rollback, history, show, explain, impact, shadow',
  usage: `reboots rules check|test|lint FILE...
reboots rules diff FILE|VERSION [FILE|VERSION]
reboots rules apply FILE [--why TEXT] [--by NAME] [--replaces VERSION] [--signature FILE.sig]
reboots rules rollback [VERSION] [--why TEXT] [--by NAME] [--replaces VERSION]
reboots rules history [--limit 20]
reboots rules show [VERSION]
reboots rules explain --mac MAC [--arch 7|uefi-x64] [--policy FILE|VERSION] [...]
reboots rules impact FILE [--examples 5]
reboots rules shadow [FILE [--why TEXT] [--by NAME] | --stop] [--examples 5]

Without a service, by the file alone:

check     whether a policy is accepted: each problem with file:line:column
test      the same, with each of the tests in it by name; of one that fails what came instead, and why not something else
lint      what is allowed and most likely not meant: rules that are never reached, profiles that nothing uses, rules without a test

Of a running rules-engine:

diff      from what is in force to FILE or VERSION, or from one to the other, as patch(1) takes it
apply     has the service check FILE, run its tests and put it in force, or refuse it whole. Nothing changes if what was in force when the
          command began (--replaces: the version you have looked at; * for whichever) is not in force any more
rollback  puts VERSION in force again, without a word the one before
history   what was in force, since when, by whom and why; the latest first
show      prints the policy in force, or VERSION
explain   what a machine would get, by which rule, and of each rule before it the clause that was false. More that rules may ask for:
          --transport PXEClient|HTTPClient --loader firmware|ipxe --uuid U --vendor-class C --user-class C --link L --giaddr A
          --circuit-id HEX --remote-id HEX --client-id HEX --machine ID
impact    for which machines FILE would make a difference, and which: every hardware record, and a machine without one, is decided on under both
          policies, in each way to ask that some rule tells apart. Profiles that change behind their name are a difference
shadow    tries FILE out on live decisions: the services that face the machines decide by it besides, and nothing is done by it. Without FILE: for
          which machines it would have made a difference so far. Ends with --stop, when it is applied, and when rules-engine restarts

A VERSION is the beginning of one, 4 digits or more, or a revision as #7.

--address HOST:PORT   where the service is (rules.listen); 127.0.0.1:42115
--json                one JSON object per line

Exit: 0; 1 when a policy is not as it should be, when there is a difference, or when the service refuses; 2 when the command line is wrong or
no service answers.`,
  async run(args) {
    const read = rulesArguments(args)
    const local = LOCAL[read.action]
    if (local !== undefined) return local(read)
    const api = new PolicyApi(read.values.address)
    try {
      return await REMOTE[read.action]!(api, read)
    } catch (error) {
      if (!(error instanceof Declined)) throw error
      console.error(`reboots rules ${read.action}: ${error.message}`)
      return 1
    } finally {
      api.close()
    }
  },
}

const LOCAL: Readonly<Partial<Record<Action, (args: RulesArguments) => Promise<number>>>> = { check, test, lint }

const REMOTE: Readonly<Partial<Record<Action, (api: PolicyApi, args: RulesArguments) => Promise<number>>>> = {
  diff,
  apply,
  rollback,
  history,
  show,
  explain,
  impact,
  shadow,
}
