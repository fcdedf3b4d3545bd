/** One line of text in a picture. */
export interface PictureText {
  readonly text: string;
  readonly classes: readonly string[];
  /** The id of the arrow or state that it is the name of, and which of its names. */
  readonly of: string | undefined;
  readonly label: string | undefined;
}

export function textsOf(svg: string): readonly PictureText[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', text = '']) => ({
    text: text.replaceAll('\u00a0', ' ').replaceAll('&#160;', ' '),
    classes: attribute(attributes, 'class')?.split(' ') ?? [],
    of: attribute(attributes, 'data-of'),
    label: attribute(attributes, 'data-label'),
  }));
}

/** The ids of all parts that have a class. */
export function marked(svg: string, name: string): readonly string[] {
  return [...svg.matchAll(/<g id="([^"]*)" class="([^"]*)"/g)]
    .filter(([, , classes = '']) => classes.split(' ').includes(name))
    .map(([, id = '']) => id);
}

/** What is written on the badges, in the order of the picture. */
export function badges(svg: string): string[] {
  return [...svg.matchAll(/<g class="badge[^>]*><rect [^>]*\/><text [^>]*>([^<]*)<\/text><\/g>/g)].map(
    ([, text = '']) => text,
  );
}

const attribute = (attributes: string, name: string): string | undefined =>
  new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1];
