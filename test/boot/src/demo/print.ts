import type { Capture } from '@reboots/testkit'
import type { Machine } from '../machine.ts'
import { describeSighting, type Line, type Names } from '../timeline/describe.ts'
import { Observer } from '../timeline/observer.ts'
import { formatLine, stageLine } from '../timeline/timeline.ts'

/** Writes a boot as it happens, a line per event. */
export class LiveTimeline {
  readonly #names: Names
  readonly #colour: boolean
  #poweredOnAt = Date.now()

  constructor(names: Names, colour: boolean) {
    this.#names = names
    this.#colour = colour
  }

  /** From now on everything of note on the wire is written. */
  follow(capture: Capture): void {
    const observer = new Observer()
    capture.watch((packet) => {
      const sighting = observer.see(packet)
      if (sighting !== undefined) this.line(packet.at, describeSighting(sighting, this.#names))
    })
  }

  /** Time starts. */
  powerOn(what: string, at = Date.now()): void {
    this.#poweredOnAt = at
    this.line(at, { channel: '', parties: 'power on', text: what })
  }

  /** What the machine says on its console is written as well. */
  listen(machine: Machine): void {
    machine.onStage = (stage) => this.line(stage.at, stageLine(stage))
  }

  line(at: number, line: Line): void {
    console.log(formatLine(at - this.#poweredOnAt, line, this.#colour))
  }
}
