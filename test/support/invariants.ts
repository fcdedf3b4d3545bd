export {
  answersDoNotGoRound,
  contextSurvivesJson,
  everythingCanEnd,
  finalStatesAbsorb,
  foreignEventsDoNothing,
  neverKept,
  restoresTheSame,
} from '../../machines/safety-generic.ts';
export { settlesOnlyThrough } from '../../machines/safety-login.ts';
