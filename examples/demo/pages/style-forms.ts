/** The look of fields to fill in. */
export const FORMS = `main > .card + .card { margin-top: 1.5rem; }
.fields { max-width: 44rem; }
.fields label, .fields legend { display: block; margin: 0 0 .3rem; padding: 0; font-weight: 600; }
.fields fieldset { min-width: 0; margin: 0 0 .65rem; padding: 0; border: 0; }
.fields input, .fields textarea {
  display: block; width: 100%; margin: 0 0 1.25rem; padding: .55rem .75rem; border: 1px solid var(--soft); border-radius: 7px;
  background: var(--card); color: inherit; font: inherit;
}
.fields textarea { min-height: 9.5rem; resize: vertical; }
.fields input[type="file"] { margin-bottom: .75rem; padding: .45rem; border-style: dashed; color: var(--soft); font-size: .9375rem; }
.fields ::file-selector-button {
  margin-right: .75rem; padding: .3rem .75rem; border: 1px solid var(--accent); border-radius: 5px; background: transparent;
  color: var(--accent); font: inherit; font-weight: 600; cursor: pointer;
}
.fields ::file-selector-button:hover { background: var(--tint); }
.row { display: grid; grid-template-columns: 1fr 5.5rem; gap: .6rem; margin-bottom: .6rem; }
.row input { margin: 0; }
.files { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 0 1.25rem; }
.typed { white-space: pre-wrap; }
.typed ol { padding-left: 1.4rem; }
.after { margin-top: 1.5rem; }
`;
