import { suite } from 'uvu'
import { surviveKills } from '../helpers/kill-story.ts'

const kill = suite('kill one')

kill('1 web and 1 worker: nothing is lost, booked twice or made up', () => surviveKills(1))

kill.run()
