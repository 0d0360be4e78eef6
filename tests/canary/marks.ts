/** The word in everything that must not come out; it occurs nowhere else. */
export const WORD = 'cnrymark';

/** Secrets, each with the characters that its setting allows and other spellings write differently. */
export const SECRETS = {
  apiToken: `ATATT3x/${WORD}+site=token"\\'1`,
  orgApiKey: `ATCTT3x/${WORD}+organization=key"2`,
  okta: `okta/${WORD}+caller=0001~.`,
  entra: `entra/${WORD}+caller=0002~.`,
  entraNext: `entra/${WORD}+caller=0003~.`,
  /** Sent by somebody who guesses. */
  guessed: `guess/${WORD}+caller=0004~.`,
  /** What a person is given by an identity provider that syncs passwords. */
  password: `p4ss/${WORD}+word="5`,
} as const;

const ADDRESS = `${WORD}.zoe@private-mail.example.org`;

/** A person as an identity provider tells everything of one. */
export const PERSON = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
  userName: ADDRESS,
  externalId: `ext-${WORD}-1`,
  active: true,
  name: { givenName: `Zoë${WORD}`, familyName: `Quack"${WORD}`, formatted: `Zoë${WORD} Quack"${WORD}` },
  displayName: `Zoë${WORD} Quack"${WORD}`,
  nickName: `nick ${WORD}`,
  title: `title ${WORD}`,
  password: SECRETS.password,
  emails: [{ value: ADDRESS, type: 'work', primary: true }],
  phoneNumbers: [{ value: `+49-555-0199-${WORD}` }],
  addresses: [{ streetAddress: `Street ${WORD} 7` }],
  photos: [{ value: `https://photos.example/${WORD}.png` }],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { employeeNumber: `e-${WORD}` },
} as const;
/** Other identity providers read it, too, so their refusals may name it; logs and metrics may not. */
export const GROUP_NAME = 'grpmark crew';

/** Where the word, or the secret alone, stands in a text in any of its spellings; with some of what is around it. */
export function findMarks(text: string, marks: readonly string[] = [WORD]): string[] {
  const found = marks.flatMap((mark) =>
    spellings(mark).map((form) => ({ form, at: text.toLowerCase().indexOf(form) })),
  );
  return found.filter(({ at }) => at !== -1).map(({ at }) => text.slice(Math.max(0, at - 100), at + 60));
}

/** Small letters throughout: capitals differ by where the word stands, and a chance hit in so many letters is none. */
function spellings(mark: string): readonly string[] {
  const bytes = Buffer.from(mark);
  const inBase64 = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    // The first letters depend on what is before the mark, the last ones on what is behind it.
    const whole = text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const forms = [mark, encodeURIComponent(mark), JSON.stringify(mark).slice(1, -1), bytes.toString('hex'), ...inBase64];
  return [...new Set(forms.map((form) => form.toLowerCase()))];
}
