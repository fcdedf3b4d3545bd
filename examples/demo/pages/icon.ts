export const ICON_PATH = '/crest.svg';

/** The crest, in the header and on the tab. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 36" width="32" height="36" fill="none" stroke-linejoin="round" stroke-linecap="round">
<path d="M2 2h28v16c0 8-6 13-14 16C8 31 2 26 2 18z" fill="#16325c" stroke="#e7c46a" stroke-width="2"/>
<path d="M7 11c4-1.500 7-1 9 1 2-2 5-2.500 9-1v11c-4-1.500-7-1-9 1-2-2-5-2.500-9-1zM16 12v11" stroke="#ffffff" stroke-width="1.600"/>
</svg>
`;
