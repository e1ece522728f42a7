/** Without letters that are mistaken for one another when read aloud. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789';
const LENGTH = 14;

/** A password of 14 letters and digits (81 bits) from the browser's secure source. */
export function generatePassword(): string {
  const limit = 256 - (256 % ALPHABET.length); // bytes past it would favour the first letters
  let password = '';
  while (password.length < LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(LENGTH))) {
      if (byte < limit && password.length < LENGTH) password += ALPHABET[byte % ALPHABET.length];
    }
  }
  return password;
}
