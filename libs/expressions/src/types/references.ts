/** Names of the variables that are read, without duplicates, in the order of their appearance. */
export class References {
  readonly names: string[] = [];
  readonly #places = new Map<string, number>();

  placeOf(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.names.length;
    this.names.push(name);
    this.#places.set(name, place);
    return place;
  }
}
