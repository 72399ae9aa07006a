select a.state, count(*) as flights, round(avg(f.delay), 1) as mean_delay
from flights f join airports a on a.iata = f.origin
group by 1 order by flights desc
