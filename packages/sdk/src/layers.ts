/** What lies over every backend that is opened here. Imported when there is one: then a bundle takes in these two layers only. */
export { retry, scope } from "@trunks/layers";
