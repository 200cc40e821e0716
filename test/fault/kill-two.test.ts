import { suite } from 'uvu'
import { surviveKills } from '../helpers/kill-story.ts'

const kill = suite('kill two')

kill('2 web and 2 worker: nothing is lost, booked twice or made up', () => surviveKills(2))

kill.run()
