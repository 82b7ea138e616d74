import FleetModel
import Glibc

extension WeekTime {
    /// By this machine's clock and time zone.
    static var now: WeekTime {
        var seconds = time(nil)
        var local = tm()
        localtime_r(&seconds, &local)
        // C counts from Sunday.
        let day = Weekday.allCases[(Int(local.tm_wday) + 6) % 7]
        return WeekTime(day, hour: Int(local.tm_hour), minute: Int(local.tm_min))
    }
}
