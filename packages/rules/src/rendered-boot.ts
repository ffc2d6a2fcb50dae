/** What a boot script has to do, as data: whoever writes the script escapes it. */
export type RenderedBoot =
  | {
      readonly kind: 'linux'
      /** Absolute URLs. */
      readonly kernel: string
      readonly initrd: readonly string[]
      /** Kernel arguments in order, the last wins. One may hold blanks if the hardware record or the site writes it so. */
      readonly args: readonly string[]
      /** Shown before. */
      readonly message?: string
    }
  /** A whole script, `#!ipxe` first. */
  | { readonly kind: 'script'; readonly text: string }
  | { readonly kind: 'chain'; readonly url: string }
  /** PXELINUX, which has to be told in which directory of the TFTP server its files are. */
  | { readonly kind: 'pxelinux'; readonly url: string; readonly directory: string }
  /** A disc image to boot from. */
  | { readonly kind: 'iso'; readonly url: string }
  /** Ask which entry it shall be; the same script with `item` boots that one. */
  | {
      readonly kind: 'menu'
      readonly prompt: string
      /** 1 or more; `forever` waits for a key. The first entry is taken then. */
      readonly timeoutSeconds: number | 'forever'
      /** At least one, without those of other boot servers. `item` counts from 1 in the menu of the policy. */
      readonly entries: readonly { readonly item: number; readonly title: string }[]
    }
  /** Print the message and leave iPXE: the firmware goes on to its next boot device. */
  | { readonly kind: 'exit'; readonly message: string }
  /** The profile does not work out for this machine: which part of it and why. Nothing in it is secret. */
  | { readonly kind: 'failed'; readonly message: string }
