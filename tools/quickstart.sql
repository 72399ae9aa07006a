-- On which routes were very late flights followed, within the hour, by one that was on time?
select f.origin, f.destination, count(*) as pairs, round(avg(f.delay), 1) as mean_delay
from flights f
join flights g on g.origin = f.origin and g.destination = f.destination and g.date > f.date and g.date <= f.date + interval 1 hour
where f.delay > 120 and g.delay <= 0
group by 1, 2 order by pairs desc limit 12
