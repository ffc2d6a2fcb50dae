declare const brand: unique symbol

/** A primitive that was parsed once at the border and is carried as its own type from there on. */
export type Brand<T, Name> = T & { readonly [brand]: Name }
