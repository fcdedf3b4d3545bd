export { keepingEvents, keepingInputs, type People, savedBy } from '../../machines/safety-people.ts';
