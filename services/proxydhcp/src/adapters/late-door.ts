import { openUdpDoor, type UdpDoor, type UdpDoorOptions } from '@reboots/runtime'

/** Answers that wait to be sent, on one link: more than a second's worth in a crowd would come too late anyway. */
const MOST_WAITING = 4096

type Open = (options: UdpDoorOptions) => Promise<UdpDoor>

/** Opens doors of which one port sends everything so many milliseconds later, so that another server is heard first. What is on top is dropped. */
export function late(port: number, milliseconds: number, open: Open = openUdpDoor): Open {
  return async (options) => {
    const door = await open(options)
    return options.port === port ? lateDoor(door, milliseconds) : door
  }
}

function lateDoor(door: UdpDoor, milliseconds: number): UdpDoor {
  const waiting = new Set<NodeJS.Timeout>()
  return {
    ...door,
    send(bytes, to) {
      if (waiting.size >= MOST_WAITING) return
      const copy = bytes.slice()
      const timer = setTimeout(() => {
        waiting.delete(timer)
        door.send(copy, to)
      }, milliseconds)
      waiting.add(timer)
    },
    close() {
      for (const timer of waiting) clearTimeout(timer)
      waiting.clear()
      return door.close()
    },
  }
}
